import type { NodeInfo } from '../node-info.ts'
import type { NodeTable } from '../node-table.ts'
import { NodeFinder } from './find-nodes.ts'
import { type CycleParts, PreparedCycle } from './prepared-cycle.ts'
import { Refusals } from './refusals.ts'
import { chooseBest, scoreNodes } from './score-nodes.ts'

/** Why no node would do, and whom an event has to satisfy before the pod is tried again. */
export interface Diagnosis {
  /** None are known: nothing else is said then. */
  readonly noNodes: boolean
  readonly preFilter: string
  readonly unschedulablePlugins: ReadonlySet<string>
  readonly pendingPlugins: ReadonlySet<string>
  /** Of the cycle, until the next begins. */
  readonly refusals: Refusals
}

export type Selection =
  | {
      readonly type: 'node'
      readonly node: NodeInfo
      readonly cycle: PreparedCycle
      readonly feasible: number
    }
  | { readonly type: 'none'; readonly cycle: PreparedCycle | undefined; readonly diagnosis: Diagnosis }

export interface PodPlacerOptions {
  readonly table: NodeTable
  readonly nominated: CycleParts['nominated']
  /** Uniform in [0, 1): breaks ties between equal scores. */
  readonly random: () => number
  /** Of profiles that have none of their own; 0 adapts to the cluster's size. */
  readonly percentageOfNodesToScore: number
}

/** Finds a node for one pod after another. Throws PluginError when a plugin fails. */
export class PodPlacer {
  readonly #options: PodPlacerOptions
  readonly #finder: NodeFinder
  readonly #refusals = new Refusals()

  constructor(options: PodPlacerOptions) {
    this.#options = options
    this.#finder = new NodeFinder(options.table)
  }

  select(pod: CycleParts['pod'], profile: CycleParts['profile']): Selection {
    const { table, nominated } = this.#options
    const refusals = this.#refusals
    refusals.clear()
    if (table.nodes.length === 0) return none(undefined, refusals, '', true)
    const cycle = new PreparedCycle({ pod, profile, table, nominated })
    if (cycle.refusal !== undefined) {
      const { plugins, rejection } = cycle.refusal
      const [plugin = ''] = plugins
      refusals.setAbsent({ plugin, rejection })
      return none(cycle, refusals, rejection.reasons.join(', '), false)
    }
    const percentage = profile.percentageOfNodesToScore ?? this.#options.percentageOfNodesToScore
    const feasible = this.#finder.find(cycle, percentage, refusals)
    const [first] = feasible
    if (first === undefined) return none(cycle, refusals, '', false)
    if (feasible.length === 1) return { type: 'node', node: first, cycle, feasible: 1 }
    const totals = scoreNodes(cycle, feasible)
    const node = feasible[chooseBest(totals, this.#options.random)] ?? first
    return { type: 'node', node, cycle, feasible: feasible.length }
  }
}

function none(
  cycle: PreparedCycle | undefined,
  refusals: Refusals,
  preFilter: string,
  noNodes: boolean,
): Selection {
  const unschedulablePlugins = new Set(cycle?.refusal?.plugins ?? cycle?.nodesBy ?? [])
  const pendingPlugins = new Set<string>()
  refusals.forEachRefusal(({ plugin, rejection }) => {
    if (plugin === '') return
    unschedulablePlugins.add(plugin)
    if (rejection.pending) pendingPlugins.add(plugin)
  })
  const diagnosis = { noNodes, preFilter, unschedulablePlugins, pendingPlugins, refusals }
  return { type: 'none', cycle, diagnosis }
}
