import { exponentialBuckets } from '../base/exponential-buckets.ts'
import type { Counter, Histogram, Metrics } from '../base/metrics.ts'
import { PrometheusMetrics } from '../base/prometheus.ts'

/** What is cheaper to read than to keep. */
export interface StorageFigures {
  readonly totalBytes: number
  readonly usedBytes: number
  readonly quotaBytes: number
  readonly revision: number
  readonly compactedRevision: number
  readonly keys: number
  readonly watchers: number
  readonly slowWatchers: number
}

/** What etcd tells about itself, under its names (https://etcd.io/docs/v3.6/metrics/), for an embedded store. */
export class StorageMetrics {
  readonly puts: Counter
  readonly deletes: Counter
  readonly ranges: Counter
  readonly transactions: Counter
  readonly events: Counter
  readonly expired: Counter
  readonly compactedKeys: Counter
  readonly compactionMs: Histogram
  readonly flushSeconds: Histogram

  /** Without a registry it counts for nobody. */
  constructor(registry: Metrics | undefined, read: () => StorageFigures) {
    const metrics = registry ?? new PrometheusMetrics()
    const counter = (name: string, help: string): Counter => metrics.counter({ name, help })
    this.puts = counter('etcd_mvcc_put_total', 'Total number of puts seen by this member.')
    this.deletes = counter('etcd_mvcc_delete_total', 'Total number of deletes seen by this member.')
    this.ranges = counter('etcd_mvcc_range_total', 'Total number of ranges seen by this member.')
    this.transactions = counter('etcd_mvcc_txn_total', 'Total number of txns seen by this member.')
    this.events = counter('etcd_debugging_mvcc_events_total', 'Total number of events sent by this member.')
    this.expired = counter('etcd_debugging_server_lease_expired_total', 'The total number of expired leases.')
    this.compactedKeys = counter(
      'etcd_debugging_mvcc_db_compaction_keys_total',
      'Total number of db keys compacted.',
    )
    this.compactionMs = metrics.histogram({
      name: 'etcd_debugging_mvcc_db_compaction_total_duration_milliseconds',
      help: 'Bucketed histogram of db compaction total duration.',
      buckets: exponentialBuckets(100, 2, 14),
    })
    this.flushSeconds = metrics.histogram({
      name: 'etcd_disk_wal_fsync_duration_seconds',
      help: 'The latency distributions of fsync called by WAL.',
      buckets: exponentialBuckets(0.001, 2, 14),
    })
    registerFigures(metrics, read)
  }

  committed(puts: number, deletes: number): void {
    this.transactions.inc()
    this.events.inc(undefined, puts + deletes)
    this.puts.inc(undefined, puts)
    this.deletes.inc(undefined, deletes)
  }
}

type Figure = readonly [figure: keyof StorageFigures, name: string, help: string]

const figures: readonly Figure[] = [
  [
    'totalBytes',
    'etcd_mvcc_db_total_size_in_bytes',
    'Total size of the underlying database physically allocated in bytes.',
  ],
  [
    'usedBytes',
    'etcd_mvcc_db_total_size_in_use_in_bytes',
    'Total size of the underlying database logically in use in bytes.',
  ],
  ['quotaBytes', 'etcd_server_quota_backend_bytes', 'Current backend storage quota size in bytes.'],
  ['revision', 'etcd_debugging_mvcc_current_revision', 'The current revision of store.'],
  [
    'compactedRevision',
    'etcd_debugging_mvcc_compact_revision',
    'The revision of the last compaction in store.',
  ],
  ['keys', 'etcd_debugging_mvcc_keys_total', 'Total number of keys.'],
  ['watchers', 'etcd_debugging_mvcc_watcher_total', 'Total number of watchers.'],
  ['slowWatchers', 'etcd_debugging_mvcc_slow_watcher_total', 'Total number of unsynced slow watchers.'],
]

function registerFigures(metrics: Metrics, read: () => StorageFigures): void {
  const gauges = figures.map(([figure, name, help]) => ({ figure, gauge: metrics.gauge({ name, help }) }))
  const size = metrics.gauge({
    name: 'apiserver_storage_size_bytes',
    help: 'Size of the storage database file physically allocated in bytes.',
    labels: ['storage_cluster_id'],
  })
  metrics.onCollect(() => {
    const current = read()
    // The one store that the server has within itself.
    size.set(current.totalBytes, ['embedded'])
    for (const { figure, gauge } of gauges) gauge.set(current[figure])
  })
}
