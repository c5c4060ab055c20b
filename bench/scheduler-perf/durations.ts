import type { Histogram, HistogramOptions, Metrics } from '../../src/base/metrics.ts'
import { percentile } from '../load/keep-in-flight.ts'

/** Of the scheduler, whose buckets are too wide for percentiles. */
const watched = {
  attempt: 'scheduler_scheduling_attempt_duration_seconds',
  algorithm: 'scheduler_scheduling_algorithm_duration_seconds',
} as const

export interface DurationFigures {
  readonly attemptP50Ms: number
  readonly attemptP99Ms: number
  readonly algorithmP50Ms: number
  readonly algorithmP99Ms: number
}

/** Metrics that keep every duration of the scheduler's attempts beside what they do with it. */
export class Durations implements Metrics {
  readonly #metrics: Metrics
  readonly #seconds = new Map<string, number[]>(Object.values(watched).map((name) => [name, []]))

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  counter: Metrics['counter'] = (options) => this.#metrics.counter(options)
  gauge: Metrics['gauge'] = (options) => this.#metrics.gauge(options)
  onCollect: Metrics['onCollect'] = (collect) => this.#metrics.onCollect(collect)
  expose: Metrics['expose'] = () => this.#metrics.expose()

  histogram(options: HistogramOptions): Histogram {
    const histogram = this.#metrics.histogram(options)
    const seconds = this.#seconds.get(options.name)
    if (seconds === undefined) return histogram
    const observe: Histogram['observe'] = (value, labels) => {
      seconds.push(value)
      histogram.observe(value, labels)
    }
    return {
      observe,
      with: (labels) => ({ observe: (value) => observe(value, labels) }),
      remove: (labels) => histogram.remove(labels),
    }
  }

  /** What comes from now on counts. */
  begin(): void {
    for (const seconds of this.#seconds.values()) seconds.length = 0
  }

  get figures(): DurationFigures {
    const ms = (name: string, part: number): number => percentile(this.#seconds.get(name) ?? [], part) * 1_000
    return {
      attemptP50Ms: ms(watched.attempt, 0.5),
      attemptP99Ms: ms(watched.attempt, 0.99),
      algorithmP50Ms: ms(watched.algorithm, 0.5),
      algorithmP99Ms: ms(watched.algorithm, 0.99),
    }
  }
}
