import type { HistogramSeries } from '../../base/metrics.ts'

const nanosecondsInMs = 1e6

/** Something that changes in steps, observed at the end of every nanosecond, as upstream does it. */
export class StepSamples {
  readonly #series: HistogramSeries
  #value = 0
  #sinceMs: number

  constructor(series: HistogramSeries, nowMs: number) {
    this.#series = series
    this.#sinceMs = nowMs
  }

  set(value: number, nowMs: number): void {
    const passed = Math.round((nowMs - this.#sinceMs) * nanosecondsInMs)
    if (passed > 0) {
      this.#series.observe(this.#value, passed)
      this.#sinceMs = nowMs
    }
    this.#value = value
  }
}
