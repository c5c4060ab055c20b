import type { Host } from '../../base/host.ts'
import type { HistogramSeries, Metrics } from '../../base/metrics.ts'

/** How long the rules of schemas take, under upstream's names. */
export class RuleMetrics {
  readonly #host: Host
  readonly #compilations: HistogramSeries
  readonly #evaluations: HistogramSeries

  constructor(host: Host, metrics: Metrics) {
    const histogram = (what: string, help: string): HistogramSeries =>
      metrics.histogram({ name: `apiserver_cel_${what}_duration_seconds`, help }).with([])
    this.#host = host
    this.#compilations = histogram('compilation', 'CEL compilation time in seconds.')
    this.#evaluations = histogram('evaluation', 'CEL evaluation time in seconds.')
  }

  compile<T>(work: () => T): T {
    return this.#timed(this.#compilations, work)
  }

  evaluate<T>(work: () => T): T {
    return this.#timed(this.#evaluations, work)
  }

  #timed<T>(series: HistogramSeries, work: () => T): T {
    const startedMs = this.#host.monotonicMs()
    try {
      return work()
    } finally {
      series.observe((this.#host.monotonicMs() - startedMs) / 1000)
    }
  }
}
