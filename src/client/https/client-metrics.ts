import type { Counter, CounterSeries, Histogram, HistogramSeries, Metrics } from '../../base/metrics.ts'

const durationBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]
const sizeBuckets = [64, 256, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216]

/** The series of one method. */
interface Series {
  readonly seconds: HistogramSeries
  readonly sent: HistogramSeries
  readonly received: HistogramSeries
  readonly codes: Map<string, CounterSeries>
}

/** How requests to one API server fare, under upstream's names. */
export class ClientMetrics {
  readonly #host: string
  readonly #requests: Counter
  readonly #seconds: Histogram
  readonly #sent: Histogram
  readonly #received: Histogram
  readonly #methods = new Map<string, Series>()

  /** `host`: with its port. */
  constructor(metrics: Metrics, host: string) {
    this.#host = host
    const labels = ['verb', 'host']
    const histogram = (name: string, help: string, buckets: readonly number[]): Histogram =>
      metrics.histogram({ name: `rest_client_${name}`, help, labels, buckets })
    this.#requests = metrics.counter({
      name: 'rest_client_requests_total',
      help: 'Number of HTTP requests, partitioned by status code, method, and host.',
      labels: ['code', 'method', 'host'],
    })
    this.#seconds = histogram(
      'request_duration_seconds',
      'Request latency in seconds. Broken down by verb, and host.',
      durationBuckets,
    )
    this.#sent = histogram(
      'request_size_bytes',
      'Request size in bytes. Broken down by verb and host.',
      sizeBuckets,
    )
    this.#received = histogram(
      'response_size_bytes',
      'Response size in bytes. Broken down by verb and host.',
      sizeBuckets,
    )
  }

  /** An answer's head has come, or none: then the code is `<error>`. */
  answered(method: string, code: number | undefined, ms: number, sentBytes: number): void {
    const { seconds, sent, codes } = this.#seriesOf(method)
    const shown = code === undefined ? '<error>' : String(code)
    let requests = codes.get(shown)
    if (requests === undefined) {
      requests = this.#requests.with([shown, method, this.#host])
      codes.set(shown, requests)
    }
    requests.inc()
    seconds.observe(ms / 1000)
    sent.observe(sentBytes)
  }

  /** An answer has been read whole. */
  received(method: string, bytes: number): void {
    this.#seriesOf(method).received.observe(bytes)
  }

  #seriesOf(method: string): Series {
    let series = this.#methods.get(method)
    if (series === undefined) {
      const labels = [method, this.#host]
      series = {
        seconds: this.#seconds.with(labels),
        sent: this.#sent.with(labels),
        received: this.#received.with(labels),
        codes: new Map(),
      }
      this.#methods.set(method, series)
    }
    return series
  }
}
