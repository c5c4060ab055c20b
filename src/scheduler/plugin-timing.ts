import type { Host } from '../base/host.ts'
import type { Histogram, Metrics } from '../base/metrics.ts'
import type { Filter, Rejection } from './framework.ts'
import {
  type EvaluationPoint,
  type Evaluations,
  EvaluationsOfProfile,
  PluginEvaluations,
} from './plugin-evaluations.ts'

/** Of each so many cycles one measures single plugins; upstream's 10 %. Counted, so that runs from a seed stay what they were. */
const cyclesPerSample = 10

/** Upstream's status codes, as labels. */
export type StatusLabel =
  | 'Success'
  | 'Skip'
  | 'Wait'
  | 'Unschedulable'
  | 'UnschedulableAndUnresolvable'
  | 'Pending'
  | 'Error'

export function statusOfRejection(rejection: Rejection | undefined): StatusLabel {
  if (rejection === undefined) return 'Success'
  if (rejection.pending) return 'Pending'
  return rejection.resolvable ? 'Unschedulable' : 'UnschedulableAndUnresolvable'
}

const success = (): StatusLabel => 'Success'

interface MeasuredProfile {
  readonly name: string
  readonly evaluations: EvaluationsOfProfile
}

/** Measures one cycle of a profile: each point as a whole, and where the cycle is a sample each plugin too. */
export class CycleTimer {
  readonly #profile: MeasuredProfile
  readonly #host: Pick<Host, 'monotonicMs'>
  readonly #points: Histogram
  /** Undefined: the cycle is no sample. */
  readonly #plugins: Histogram | undefined

  constructor(
    profile: MeasuredProfile,
    host: Pick<Host, 'monotonicMs'>,
    points: Histogram,
    plugins?: Histogram,
  ) {
    this.#profile = profile
    this.#host = host
    this.#points = points
    this.#plugins = plugins
  }

  /** To be counted up whenever the plugin is asked; not where it skips the pod. */
  evaluations(plugin: string, point: EvaluationPoint): Evaluations {
    return this.#profile.evaluations.of(plugin, point)
  }

  /** Runs all plugins of a point. */
  point<T>(point: string, run: () => T, statusOf: (result: T) => StatusLabel = success): T {
    const startMs = this.#host.monotonicMs()
    let status: StatusLabel = 'Error'
    try {
      const result = run()
      status = statusOf(result)
      return result
    } finally {
      this.#observe(this.#points, [point, status, this.#profile.name], startMs)
    }
  }

  async pointAsync<T>(
    point: string,
    run: () => Promise<T>,
    statusOf: (result: T) => StatusLabel = success,
  ): Promise<T> {
    const startMs = this.#host.monotonicMs()
    let status: StatusLabel = 'Error'
    try {
      const result = await run()
      status = statusOf(result)
      return result
    } finally {
      this.#observe(this.#points, [point, status, this.#profile.name], startMs)
    }
  }

  /** `run`, measured where the cycle is a sample. */
  around<T>(
    plugin: string,
    point: string,
    run: () => T,
    statusOf: (result: T) => StatusLabel = success,
  ): () => T {
    const histogram = this.#plugins
    if (histogram === undefined) return run
    return () => {
      const startMs = this.#host.monotonicMs()
      let status: StatusLabel = 'Error'
      try {
        const result = run()
        status = statusOf(result)
        return result
      } finally {
        this.#observe(histogram, [plugin, point, status], startMs)
      }
    }
  }

  aroundAsync<T>(plugin: string, point: string, run: () => Promise<T>): () => Promise<T> {
    const histogram = this.#plugins
    if (histogram === undefined) return run
    return async () => {
      const startMs = this.#host.monotonicMs()
      let status: StatusLabel = 'Error'
      try {
        const result = await run()
        status = 'Success'
        return result
      } finally {
        this.#observe(histogram, [plugin, point, status], startMs)
      }
    }
  }

  /** The filter, measured on the first node that it is asked about: thousands of nodes would cost more than they tell. */
  filter(plugin: string, prepared: { readonly filter: Filter }): { readonly filter: Filter } {
    if (this.#plugins === undefined) return prepared
    let measured = false
    return {
      filter: (node) => {
        if (measured) return prepared.filter(node)
        measured = true
        return this.around(plugin, 'Filter', () => prepared.filter(node), statusOfRejection)()
      },
    }
  }

  #observe(histogram: Histogram, labels: readonly string[], startMs: number): void {
    histogram.observe((this.#host.monotonicMs() - startMs) / 1_000, labels)
  }
}

/** For cycles that nobody measures. */
export const untimed = new CycleTimer(
  { name: '', evaluations: new EvaluationsOfProfile() },
  { monotonicMs: () => 0 },
  {
    observe() {},
    remove() {},
    with: () => ({ observe() {} }),
  },
)

const exponential = (start: number, factor: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => start * factor ** index)

/** How long plugins take, under upstream's names. */
export class PluginTiming {
  readonly #host: Pick<Host, 'monotonicMs'>
  readonly #points: Histogram
  readonly #plugins: Histogram
  readonly #hints: Histogram
  readonly #evaluations: PluginEvaluations
  readonly #timers = new Map<string, { readonly plain: CycleTimer; readonly sample: CycleTimer }>()
  #cycles = 0
  #hintCalls = 0

  constructor(
    metrics: Pick<Metrics, 'histogram' | 'counter' | 'onCollect'>,
    host: Pick<Host, 'monotonicMs'>,
  ) {
    this.#host = host
    this.#evaluations = new PluginEvaluations(metrics)
    this.#points = metrics.histogram({
      name: 'scheduler_framework_extension_point_duration_seconds',
      help: 'Latency for running all plugins of a specific extension point.',
      labels: ['extension_point', 'status', 'profile'],
      buckets: exponential(0.0001, 2, 12),
    })
    this.#plugins = metrics.histogram({
      name: 'scheduler_plugin_execution_duration_seconds',
      help: 'Duration for running a plugin at a specific extension point.',
      labels: ['plugin', 'extension_point', 'status'],
      buckets: exponential(0.00001, 1.5, 20),
    })
    this.#hints = metrics.histogram({
      name: 'scheduler_queueing_hint_execution_duration_seconds',
      help: 'Duration for running a queueing hint function of a plugin.',
      labels: ['plugin', 'event', 'hint'],
      buckets: exponential(0.00001, 1.5, 20),
    })
  }

  /** For the profile's next cycle. */
  nextCycle(name: string): CycleTimer {
    let timers = this.#timers.get(name)
    if (timers === undefined) {
      const profile = { name, evaluations: this.#evaluations.ofProfile(name) }
      const plain = new CycleTimer(profile, this.#host, this.#points)
      timers = { plain, sample: new CycleTimer(profile, this.#host, this.#points, this.#plugins) }
      this.#timers.set(name, timers)
    }
    return this.#cycles++ % cyclesPerSample === 0 ? timers.sample : timers.plain
  }

  /** Asks a hint, and measures one of ten. */
  hint(plugin: string, event: string, ask: () => boolean): boolean {
    if (this.#hintCalls++ % cyclesPerSample !== 0) return ask()
    const startMs = this.#host.monotonicMs()
    let hint = 'Error'
    try {
      const helps = ask()
      hint = helps ? 'Queue' : 'QueueSkip'
      return helps
    } finally {
      this.#hints.observe((this.#host.monotonicMs() - startMs) / 1_000, [plugin, event, hint])
    }
  }
}
