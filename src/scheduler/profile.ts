import type { Plugin, WeightedPlugin } from './framework.ts'
import { EventHints } from './queue/event-hints.ts'

/** Upstream's extension points, under the names that a configuration has for them. */
export const extensionPoints = [
  'preEnqueue',
  'queueSort',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
  'placementGenerate',
  'placementScore',
] as const

export type ExtensionPoint = (typeof extensionPoints)[number]

/** One scheduler as pods name it in spec.schedulerName: which plugins run at each point, in order. */
export interface Profile {
  readonly schedulerName: string
  /** How many nodes are enough, in percent; absent: as the scheduler has it. */
  readonly percentageOfNodesToScore?: number
  readonly at: Readonly<Record<ExtensionPoint, readonly Plugin[]>>
  /** Those of Score whose points count. What a plugin does before is one with it here, so PreScore leaves nobody out. */
  readonly scoring: readonly Plugin[]
  /** Those that say what makes pods alike. */
  readonly signing: readonly Plugin[]
  /** Of scores, by plugin. */
  readonly weights: ReadonlyMap<string, number>
  readonly hints: EventHints
}

/** Plugins that are asked at a point: what PreFilter will hand back is not known before, so it counts for later points. */
export function hasPoint(plugin: Plugin, point: ExtensionPoint): boolean {
  const prepares = plugin.preFilter !== undefined
  switch (point) {
    case 'queueSort':
      return plugin.less !== undefined
    case 'filter':
      return prepares
    case 'preScore':
    case 'score':
      return plugin.preScore !== undefined || prepares
    case 'reserve':
    case 'permit':
    case 'preBind':
    case 'postBind':
      return plugin[point] !== undefined || prepares
    default:
      return plugin[point] !== undefined
  }
}

type Given = Pick<Profile, 'schedulerName' | 'percentageOfNodesToScore' | 'at' | 'weights'>

/** With what follows from what is given; `plugins` are all that are in it. */
export function makeProfile(given: Given, plugins: readonly Plugin[]): Profile {
  const { at, weights } = given
  return {
    ...given,
    scoring: at.score.filter((plugin) => (weights.get(plugin.name) ?? 0) !== 0),
    signing: plugins.filter(({ sign }) => sign !== undefined),
    hints: new EventHints(plugins),
  }
}

/** Plugins at their points; a profile that lists all at every point they have is the plain case. */
export function profileOf(
  schedulerName: string,
  plugins: readonly WeightedPlugin[],
  enabled: (plugin: Plugin, point: ExtensionPoint) => boolean = hasPoint,
): Profile {
  const all = plugins.map(({ plugin }) => plugin)
  const pluginsAt = (point: ExtensionPoint): readonly Plugin[] =>
    all.filter((plugin) => enabled(plugin, point))
  const points = extensionPoints.map((point) => [point, pluginsAt(point)] as const)
  const at = Object.fromEntries(points) as Profile['at']
  const weights = new Map(plugins.map(({ plugin, weight }) => [plugin.name, weight]))
  return makeProfile({ schedulerName, at, weights }, all)
}
