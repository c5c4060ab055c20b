import type { Counter, Histogram, Metrics } from '../../base/metrics.ts'

export interface Conversion {
  /** The definition's name. */
  readonly definition: string
  readonly from: string
  readonly to: string
  /** '' for success. */
  readonly failure: string
  readonly seconds: number
}

/** 1 ms, doubled 14 times. */
const durationBuckets = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index)
const latencyBuckets = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 45, 60]

/** What conversion webhooks do and how long they take, under upstream's names. */
export class ConversionMetrics {
  readonly #requests: Counter
  readonly #latency: Histogram
  readonly #durations: Histogram

  constructor(metrics: Metrics) {
    const labels = ['result', 'failure_type']
    this.#requests = metrics.counter({
      name: 'apiserver_conversion_webhook_request_total',
      help: 'Counter for conversion webhook requests with success/failure and failure error type',
      labels,
    })
    this.#latency = metrics.histogram({
      name: 'apiserver_conversion_webhook_duration_seconds',
      help: 'Conversion webhook request latency',
      buckets: latencyBuckets,
      labels,
    })
    this.#durations = metrics.histogram({
      name: 'apiserver_crd_conversion_webhook_duration_seconds',
      help: 'CRD webhook conversion duration in seconds',
      buckets: durationBuckets,
      labels: ['crd_name', 'from_version', 'to_version', 'succeeded'],
    })
  }

  observe({ definition, from, to, failure, seconds }: Conversion): void {
    const labels = [failure === '' ? 'success' : 'failure', failure]
    this.#requests.inc(labels)
    this.#latency.observe(seconds, labels)
    this.#durations.observe(seconds, [definition, from, to, String(failure === '')])
  }
}
