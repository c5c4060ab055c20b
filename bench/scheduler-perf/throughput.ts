/** Pods a second, as upstream's scheduler_perf counts them. */
export interface Throughput {
  readonly average: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
}

const upstreamPercentile = (sorted: readonly number[], percent: number): number =>
  sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? Number.NaN

/**
 * Counts are taken once a second. The first with any pod only starts the clock; an interval without a pod is counted
 * with the next one that has some, as often as there were intervals. Source: newThroughputCollector in upstream's
 * test/integration/scheduler_perf.
 */
export class ThroughputSamples {
  readonly #samples: number[] = []
  #started = false
  #last = { count: 0, atMs: 0 }
  #skipped = 0

  take(count: number, atMs: number): void {
    if (count === 0) return
    if (!this.#started) {
      this.#started = true
      this.#last = { count, atMs }
      return
    }
    if (count === this.#last.count) {
      this.#skipped++
      return
    }
    const perSecond = ((count - this.#last.count) * 1_000) / (atMs - this.#last.atMs)
    for (let times = 0; times <= this.#skipped; times++) this.#samples.push(perSecond)
    this.#skipped = 0
    this.#last = { count, atMs }
  }

  /** Undefined: it was over before two counts were taken. */
  get result(): Throughput | undefined {
    if (this.#samples.length === 0) return undefined
    const sorted = this.#samples.toSorted((a, b) => a - b)
    return {
      average: sorted.reduce((sum, each) => sum + each, 0) / sorted.length,
      p50: upstreamPercentile(sorted, 50),
      p90: upstreamPercentile(sorted, 90),
      p95: upstreamPercentile(sorted, 95),
      p99: upstreamPercentile(sorted, 99),
    }
  }
}
