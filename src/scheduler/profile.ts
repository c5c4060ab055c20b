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
] as const

export type ExtensionPoint = (typeof extensionPoints)[number]

/** One scheduler as pods name it in spec.schedulerName: which plugins run at each point, in order. */
export interface Profile {
  readonly schedulerName: string
  /** How many nodes are enough, in percent; absent: as the scheduler has it. */
  readonly percentageOfNodesToScore?: number
  readonly at: Readonly<Record<ExtensionPoint, readonly Plugin[]>>
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

/** Plugins at their points; a profile that lists all at every point they have is the plain case. */
export function profileOf(
  schedulerName: string,
  plugins: readonly WeightedPlugin[],
  enabled: (plugin: Plugin, point: ExtensionPoint) => boolean = hasPoint,
): Profile {
  const at = (point: ExtensionPoint): readonly Plugin[] =>
    plugins.map(({ plugin }) => plugin).filter((plugin) => enabled(plugin, point))
  const points = extensionPoints.map((point) => [point, at(point)] as const)
  return {
    schedulerName,
    at: Object.fromEntries(points) as Profile['at'],
    weights: new Map(plugins.map(({ plugin, weight }) => [plugin.name, weight])),
    hints: new EventHints(plugins.map(({ plugin }) => plugin)),
  }
}
