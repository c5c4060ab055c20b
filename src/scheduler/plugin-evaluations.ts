import type { Metrics } from '../base/metrics.ts'

/** The points at which upstream counts how often plugins are asked. */
export type EvaluationPoint = 'PreFilter' | 'Filter' | 'PreScore' | 'Score'

/** How often one plugin was asked at one point since the last exposition. Counted up by who asks: there are thousands for a pod. */
export interface Evaluations {
  count: number
}

/** How often plugins are asked, under upstream's name; one that skips a pod was not asked. */
export class PluginEvaluations {
  readonly #profiles = new Map<string, EvaluationsOfProfile>()

  constructor(metrics: Pick<Metrics, 'counter' | 'onCollect'>) {
    const counter = metrics.counter({
      name: 'scheduler_plugin_evaluation_total',
      help: 'Number of attempts to schedule pods by each plugin and the extension point (available only in PreFilter, Filter, PreScore, and Score).',
      labels: ['plugin', 'extension_point', 'profile'],
    })
    metrics.onCollect(() => {
      for (const [profile, { points }] of this.#profiles)
        for (const [point, plugins] of points)
          for (const [plugin, evaluations] of plugins) {
            counter.inc([plugin, point, profile], evaluations.count)
            evaluations.count = 0
          }
    })
  }

  ofProfile(name: string): EvaluationsOfProfile {
    const known = this.#profiles.get(name)
    if (known !== undefined) return known
    const profile = new EvaluationsOfProfile()
    this.#profiles.set(name, profile)
    return profile
  }
}

export class EvaluationsOfProfile {
  readonly points: ReadonlyMap<EvaluationPoint, Map<string, Evaluations>> = new Map(
    (['PreFilter', 'Filter', 'PreScore', 'Score'] as const).map((point) => [point, new Map()]),
  )

  of(plugin: string, point: EvaluationPoint): Evaluations {
    const plugins = this.points.get(point)
    let evaluations = plugins?.get(plugin)
    if (evaluations === undefined) {
      evaluations = { count: 0 }
      plugins?.set(plugin, evaluations)
    }
    return evaluations
  }
}
