import type { Counter, Gauge, Histogram, Metrics } from '../../base/metrics.ts'

export interface PolicyMetrics {
  readonly syncSeconds: Histogram
  readonly syncFailures: Counter
  readonly policies: Gauge
  readonly isolatedAddresses: Gauge
}

export function createPolicyMetrics(metrics: Metrics): PolicyMetrics {
  const prefix = 'timonel_network_policy'
  return {
    syncSeconds: metrics.histogram({
      name: `${prefix}_sync_duration_seconds`,
      help: 'Time to compile the policies of the node and to put what differs in force',
      buckets: Array.from({ length: 13 }, (_, i) => 0.001 * 2 ** i),
    }),
    syncFailures: metrics.counter({
      name: `${prefix}_sync_failures_total`,
      help: 'Times that the rules of policies could not be written',
    }),
    policies: metrics.gauge({ name: `${prefix}_policies`, help: 'NetworkPolicies of the cluster' }),
    isolatedAddresses: metrics.gauge({
      name: `${prefix}_isolated_addresses`,
      help: 'Addresses of pods of this node that policies isolate, by direction',
      labels: ['direction'],
    }),
  }
}
