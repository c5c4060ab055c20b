import type { Host } from '../../base/host.ts'
import type { Counter, CounterSeries, Histogram, HistogramSeries, Metrics } from '../../base/metrics.ts'

/** What is asked of the store. */
export type StoreOperation = 'create' | 'update' | 'delete' | 'get' | 'list'

interface Kind {
  readonly group: string
  readonly resource: string
}

interface Series {
  readonly requests: CounterSeries
  readonly seconds: HistogramSeries
}

/** Of upstream's requests to etcd, whichever store it is. */
const buckets = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
]

/** Measures what the caches ask of the store. */
export class StoreRequests {
  readonly #host: Host
  readonly #seconds: Histogram
  readonly #requests: Counter
  readonly #errors: Counter
  /** By kind: declarations live as long as their caches. */
  readonly #known = new WeakMap<Kind, Map<StoreOperation, Series>>()

  constructor(host: Host, metrics: Metrics) {
    this.#host = host
    const labels = ['operation', 'group', 'resource']
    this.#seconds = metrics.histogram({
      name: 'etcd_request_duration_seconds',
      help: 'Etcd request latency in seconds for each operation and object type.',
      labels,
      buckets,
    })
    this.#requests = metrics.counter({
      name: 'etcd_requests_total',
      help: 'Etcd request counts for each operation and object type.',
      labels,
    })
    this.#errors = metrics.counter({
      name: 'etcd_request_errors_total',
      help: 'Etcd failed request counts for each operation and object type.',
      labels,
    })
  }

  /** What the work gives. Throws what it throws; `isAnswer` says which of that the store has meant to answer. */
  async measure<T>(
    kind: Kind,
    operation: StoreOperation,
    work: () => Promise<T>,
    isAnswer: (error: unknown) => boolean = () => false,
  ): Promise<T> {
    const { requests, seconds } = this.#seriesOf(kind, operation)
    const startedMs = this.#host.monotonicMs()
    try {
      return await work()
    } catch (error) {
      if (!isAnswer(error)) this.#errors.inc([operation, kind.group, kind.resource])
      throw error
    } finally {
      requests.inc()
      seconds.observe((this.#host.monotonicMs() - startedMs) / 1000)
    }
  }

  #seriesOf(kind: Kind, operation: StoreOperation): Series {
    let byOperation = this.#known.get(kind)
    if (byOperation === undefined) {
      byOperation = new Map()
      this.#known.set(kind, byOperation)
    }
    let series = byOperation.get(operation)
    if (series === undefined) {
      const labels = [operation, kind.group, kind.resource]
      series = { requests: this.#requests.with(labels), seconds: this.#seconds.with(labels) }
      byOperation.set(operation, series)
    }
    return series
  }
}
