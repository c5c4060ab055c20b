import type { Host } from '../../base/host.ts'
import type { Gauge, Histogram, Metrics } from '../../base/metrics.ts'
import { type LevelHistograms, LevelSamples, levelHistograms } from './level-samples.ts'
import type { PriorityLevel } from './priority-level.ts'
import type { Rejection, SchemaUse } from './schema-use.ts'

const durations = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]
const queueLengths = [0, 10, 25, 50, 100, 250, 500, 1000]
const perLevel = ['priority_level']
const perSchema = ['priority_level', 'flow_schema']
const rejections: readonly Rejection[] = ['concurrency-limit', 'queue-full', 'time-out']

const prefix = 'apiserver_flowcontrol_'

/** Gauges of a level, and what they say. */
const levelGauges: readonly (readonly [
  name: string,
  help: string,
  value: (level: PriorityLevel) => number,
])[] = [
  [
    'nominal_limit_seats',
    'Nominal number of execution seats configured for each priority level',
    (level) => level.nominalSeats,
  ],
  [
    'lower_limit_seats',
    'Configured lower bound on number of execution seats available to each priority level',
    (level) => level.minSeats,
  ],
  [
    'upper_limit_seats',
    'Configured upper bound on number of execution seats available to each priority level',
    (level) => level.maxSeats,
  ],
  [
    'current_limit_seats',
    'current derived number of execution seats available to each priority level',
    (level) => level.currentSeats,
  ],
  [
    'demand_seats_high_watermark',
    'High watermark, over last adjustment period, of demand_seats',
    ({ demand }) => demand.highWatermark,
  ],
  [
    'demand_seats_average',
    'Time-weighted average, over last adjustment period, of demand_seats',
    ({ demand }) => demand.average,
  ],
  [
    'demand_seats_stdev',
    'Time-weighted standard deviation, over last adjustment period, of demand_seats',
    ({ demand }) => demand.deviation,
  ],
  ['demand_seats_smoothed', 'Smoothed seat demands', ({ demand }) => demand.smoothed],
  ['target_seats', 'Seat allocation targets', ({ targetSeats }) => targetSeats],
  ['current_r', 'R(time of last change)', ({ queues }) => queues.virtualTime],
]

/** Gauges of a schema's part of a level. */
const useGauges: readonly (readonly [name: string, help: string, value: (use: SchemaUse) => number])[] = [
  [
    'current_inqueue_requests',
    'Number of requests currently pending in queues of the API Priority and Fairness subsystem',
    (use) => use.waiting,
  ],
  [
    'current_inqueue_seats',
    'Number of seats currently pending in queues of the API Priority and Fairness subsystem',
    (use) => use.waitingSeats,
  ],
  [
    'current_executing_requests',
    'Number of requests in initial (for a WATCH) or any (for a non-WATCH) execution stage in the API Priority and Fairness subsystem',
    (use) => use.executing,
  ],
  [
    'current_executing_seats',
    'Concurrency (number of seats) occupied by the currently executing (initial stage for a WATCH, any stage otherwise) requests in the API Priority and Fairness subsystem',
    (use) => use.executingSeats,
  ],
]

/** Counts that are kept elsewhere and shown as a counter. */
function makeCounter(metrics: Metrics, name: string, help: string, labels: readonly string[]) {
  const counter = metrics.counter({ name: `${prefix}${name}`, help, labels })
  const shown = new Map<string, number>()
  return (count: number, values: readonly string[]): void => {
    const key = values.join('\0')
    const before = shown.get(key) ?? 0
    // A level that comes again counts from nothing.
    counter.inc(values, count >= before ? count - before : count)
    shown.set(key, count)
  }
}

/** What upstream measures of flow control, under its names. What can be read when somebody asks is not kept. */
export class FlowMetrics {
  readonly fairFraction: Gauge
  readonly #waitSeconds: Histogram
  readonly #executionSeconds: Histogram
  readonly #queueLength: Histogram
  readonly #seats: Histogram
  readonly #watchCounts: Histogram

  readonly #host: Pick<Host, 'monotonicMs'>
  readonly #levelHistograms: LevelHistograms
  readonly #samples = new WeakMap<PriorityLevel, LevelSamples>()

  constructor(host: Pick<Host, 'monotonicMs'>, metrics: Metrics, levels: () => Iterable<PriorityLevel>) {
    this.#host = host
    this.#levelHistograms = levelHistograms(metrics)
    const histogram = (name: string, help: string, labels: readonly string[], buckets: readonly number[]) =>
      metrics.histogram({ name: `${prefix}${name}`, help, labels, buckets })
    this.fairFraction = metrics.gauge({
      name: `${prefix}seat_fair_frac`,
      help: "Fair fraction of server's concurrency to allocate to each priority level that can use it",
    })
    this.#waitSeconds = histogram(
      'request_wait_duration_seconds',
      'Length of time a request spent waiting in its queue',
      [...perSchema, 'execute'],
      durations,
    )
    this.#executionSeconds = histogram(
      'request_execution_seconds',
      'Duration of initial stage (for a WATCH) or any (for a non-WATCH) stage of request execution in the API Priority and Fairness subsystem',
      [...perSchema, 'type'],
      durations,
    )
    this.#queueLength = histogram(
      'request_queue_length_after_enqueue',
      'Length of queue in the API Priority and Fairness subsystem, as seen by each request after it is enqueued',
      perSchema,
      queueLengths,
    )
    this.#seats = histogram(
      'work_estimated_seats',
      'Number of estimated seats (maximum of initial and final seats) associated with requests in API Priority and Fairness',
      perSchema,
      [1, 2, 4, 8, 16, 32, 64, 100],
    )
    this.#watchCounts = histogram(
      'watch_count_samples',
      'count of watchers for mutating requests in API Priority and Fairness',
      perSchema,
      [0, 1, 10, 100, 1000, 10_000],
    )
    this.#showLevels(metrics, levels)
  }

  #showLevels(metrics: Metrics, levels: () => Iterable<PriorityLevel>): void {
    const gaugeOf = (name: string, help: string, labels: readonly string[]): Gauge =>
      metrics.gauge({ name: `${prefix}${name}`, help, labels })
    const ofLevels = levelGauges.map(([name, help, value]) => [gaugeOf(name, help, perLevel), value] as const)
    const ofUses = useGauges.map(([name, help, value]) => [gaugeOf(name, help, perSchema), value] as const)
    const dispatched = makeCounter(
      metrics,
      'dispatched_requests_total',
      'Number of requests executed by API Priority and Fairness subsystem',
      perSchema,
    )
    const rejected = makeCounter(
      metrics,
      'rejected_requests_total',
      'Number of requests rejected by API Priority and Fairness subsystem',
      [...perSchema, 'reason'],
    )
    const unaccommodated = makeCounter(
      metrics,
      'request_dispatch_no_accommodation_total',
      'Number of times a dispatch attempt resulted in a non accommodation due to lack of available seats',
      perSchema,
    )
    metrics.onCollect(() => {
      for (const [gauge] of [...ofLevels, ...ofUses]) gauge.clear()
      const nowMs = this.#host.monotonicMs()
      for (const level of levels()) {
        this.#samples.get(level)?.take(nowMs)
        for (const [gauge, value] of ofLevels) gauge.set(value(level), [level.name])
        for (const use of level.uses.values()) {
          const labels = [level.name, use.schema]
          for (const [gauge, value] of ofUses) gauge.set(value(use), labels)
          if (use.dispatched > 0) dispatched(use.dispatched, labels)
          if (use.unaccommodated > 0) unaccommodated(use.unaccommodated, labels)
          for (const reason of rejections)
            if (use.rejected[reason] > 0) rejected(use.rejected[reason], [...labels, reason])
        }
      }
    })
  }

  /** From now on it is known how full the level is. */
  follow(level: PriorityLevel): void {
    const samples = new LevelSamples(this.#levelHistograms, level, this.#host.monotonicMs())
    this.#samples.set(level, samples)
    level.queues.onChange = (nowMs) => samples.take(nowMs)
  }

  waited(level: string, schema: string, executes: boolean, ms: number): void {
    this.#waitSeconds.observe(ms / 1000, [level, schema, executes ? 'true' : 'false'])
  }

  executed(level: string, schema: string, type: 'regular' | 'watch', ms: number): void {
    this.#executionSeconds.observe(ms / 1000, [level, schema, type])
  }

  queued(level: string, schema: string, length: number): void {
    this.#queueLength.observe(length, [level, schema])
  }

  estimated(level: string, schema: string, seats: number): void {
    this.#seats.observe(seats, [level, schema])
  }

  watches(level: string, schema: string, count: number): void {
    this.#watchCounts.observe(count, [level, schema])
  }
}
