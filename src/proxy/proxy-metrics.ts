import type { Counter, Gauge, Histogram, Metrics } from '../base/metrics.ts'

/** Upstream's metrics of kube-proxy, under its names; the first label is always the address family where there is one. */
export interface ProxyMetrics {
  readonly syncSeconds: Histogram
  readonly fullSyncSeconds: Histogram
  readonly partialSyncSeconds: Histogram
  readonly lastSync: Gauge
  readonly lastQueued: Gauge
  readonly networkProgrammingSeconds: Histogram
  readonly endpointChangesPending: Gauge
  readonly endpointChanges: Counter
  readonly serviceChangesPending: Gauge
  readonly serviceChanges: Counter
  readonly syncFailures: Counter
  readonly cleanUpFailures: Counter
  readonly noLocalEndpoints: Gauge
  readonly healthz: Counter
  readonly livez: Counter
  readonly conntrackSeconds: Histogram
  readonly conntrackDeleted: Counter
}

const steps = (from: number, step: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => from + step * i)

const syncBuckets = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i)

/** Upstream's: a quarter of a second up to five minutes. */
const programmingBuckets = [
  ...steps(0.25, 0.25, 2),
  ...steps(1, 1, 59),
  ...steps(60, 5, 12),
  ...steps(120, 30, 7),
]

export function createProxyMetrics(metrics: Metrics): ProxyMetrics {
  const labels = ['ip_family']
  const duration = (name: string, help: string): Histogram =>
    metrics.histogram({ name: `kubeproxy_${name}`, help, labels, buckets: syncBuckets })
  const gauge = (name: string, help: string, of: readonly string[] = []): Gauge =>
    metrics.gauge({ name: `kubeproxy_${name}`, help, labels: of })
  const counter = (name: string, help: string, of: readonly string[] = []): Counter =>
    metrics.counter({ name: `kubeproxy_${name}`, help, labels: of })
  const rules = 'sync_proxy_rules'
  return {
    syncSeconds: duration(`${rules}_duration_seconds`, 'SyncProxyRules latency in seconds'),
    fullSyncSeconds: duration(
      'sync_full_proxy_rules_duration_seconds',
      'SyncProxyRules latency in seconds for full resyncs',
    ),
    partialSyncSeconds: duration(
      'sync_partial_proxy_rules_duration_seconds',
      'SyncProxyRules latency in seconds for partial resyncs',
    ),
    lastSync: gauge(
      `${rules}_last_timestamp_seconds`,
      'The last time proxy rules were successfully synced',
      labels,
    ),
    lastQueued: gauge(
      `${rules}_last_queued_timestamp_seconds`,
      'The last time a sync of proxy rules was queued',
      labels,
    ),
    networkProgrammingSeconds: metrics.histogram({
      name: 'kubeproxy_network_programming_duration_seconds',
      help: 'In Cluster Network Programming Latency in seconds',
      labels,
      buckets: programmingBuckets,
    }),
    endpointChangesPending: gauge(
      `${rules}_endpoint_changes_pending`,
      'Pending proxy rules Endpoint changes',
    ),
    endpointChanges: counter(`${rules}_endpoint_changes_total`, 'Cumulative proxy rules Endpoint changes'),
    serviceChangesPending: gauge(`${rules}_service_changes_pending`, 'Pending proxy rules Service changes'),
    serviceChanges: counter(`${rules}_service_changes_total`, 'Cumulative proxy rules Service changes'),
    syncFailures: counter(
      `${rules}_nftables_sync_failures_total`,
      'Cumulative proxy nftables sync failures',
      labels,
    ),
    cleanUpFailures: counter(
      `${rules}_nftables_cleanup_failures_total`,
      'Cumulative proxy nftables cleanup failures',
      labels,
    ),
    noLocalEndpoints: gauge(
      `${rules}_no_local_endpoints_total`,
      'Number of services with a Local traffic policy and no endpoints',
      ['traffic_policy', 'ip_family'],
    ),
    healthz: counter('proxy_healthz_total', 'Cumulative proxy healthz HTTP status', ['code']),
    livez: counter('proxy_livez_total', 'Cumulative proxy livez HTTP status', ['code']),
    conntrackSeconds: duration(
      'conntrack_reconciler_sync_duration_seconds',
      'ReconcileConntrackFlowsLatency latency in seconds',
    ),
    conntrackDeleted: counter(
      'conntrack_reconciler_deleted_entries_total',
      'Cumulative conntrack flows deleted by conntrack reconciler',
      labels,
    ),
  }
}
