import { type KeptScores, keepScores } from '../explain/score-sheet.ts'
import { type Extender, extenderName } from '../extender/extender.ts'
import type { Placement } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import type { NodeTable } from '../node-table.ts'
import { type PluginTiming, untimed } from '../plugin-timing.ts'
import { AlikePods } from './alike-pods.ts'
import { type FeasibleNodes, feasibleNodes, NodeFinder } from './find-nodes.ts'
import { type CycleParts, PreparedCycle } from './prepared-cycle.ts'
import { Refusals } from './refusals.ts'
import { chooseBest, NodeScorer } from './score-nodes.ts'

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
      readonly refusals: Refusals
      /** Of more than one feasible node. */
      readonly scores?: KeptScores
    }
  | { readonly type: 'none'; readonly cycle: PreparedCycle | undefined; readonly diagnosis: Diagnosis }

interface Found {
  readonly cycle: PreparedCycle
  readonly feasible: FeasibleNodes
  readonly within: Placement | undefined
  /** Only the node where room was made was looked at. */
  readonly isNominated: boolean
}

export interface PodPlacerOptions {
  readonly table: NodeTable
  readonly nominated: CycleParts['nominated']
  /** Uniform in [0, 1): breaks ties between equal scores. */
  readonly random: () => number
  /** Of profiles that have none of their own; 0 adapts to the cluster's size. */
  readonly percentageOfNodesToScore: number
  readonly extenders?: readonly Extender[]
  /** Absent: nothing is measured. */
  readonly timing?: PluginTiming
  /** False: every pod is looked at for itself, though others are alike; true where absent. */
  readonly sharesWork?: boolean
}

/** Finds a node for one pod after another. Throws PluginError when a plugin fails. */
export class PodPlacer {
  readonly #options: PodPlacerOptions
  readonly #finder: NodeFinder
  readonly #refusals = new Refusals()
  readonly #scorer = new NodeScorer()
  readonly #alike: AlikePods | undefined

  constructor(options: PodPlacerOptions) {
    this.#options = options
    this.#alike = options.sharesWork === false ? undefined : new AlikePods(options.table)
    this.#finder = new NodeFinder(options.table)
  }

  /** A promise only where extenders, who are elsewhere, have a say. `within`: where it has to be; absent: anywhere. */
  selectAsking(
    pod: CycleParts['pod'],
    profile: CycleParts['profile'],
    within?: Placement,
  ): Selection | Promise<Selection> {
    const interested = (this.#options.extenders ?? []).filter((extender) => extender.isInterested(pod.pod))
    if (interested.length === 0) return this.select(pod, profile, within)
    const found = this.#find(pod, profile, within)
    return 'type' in found ? found : this.#ask(found, interested)
  }

  /** By the plugins alone. */
  select(pod: CycleParts['pod'], profile: CycleParts['profile'], within?: Placement): Selection {
    const found = this.#find(pod, profile, within)
    return 'type' in found ? found : this.#choose(found.cycle, found.feasible)
  }

  #find(pod: CycleParts['pod'], profile: CycleParts['profile'], within?: Placement): Found | Selection {
    const { table, nominated } = this.#options
    const refusals = this.#refusals
    refusals.clear()
    if (table.nodes.length === 0) return none(undefined, refusals, '', true)
    const timer = this.#options.timing?.nextCycle(profile.schedulerName) ?? untimed
    const shared = this.#alike?.find(pod, profile)
    const cycle = new PreparedCycle({ pod, profile, table, nominated, timer, shared })
    if (cycle.refusal !== undefined) {
      const { plugins, rejection } = cycle.refusal
      const [plugin = ''] = plugins
      refusals.setAbsent({ plugin, rejection })
      return none(cycle, refusals, rejection.reasons.join(', '), false)
    }
    const room = pod.pod.status?.nominatedNodeName
      ? timer.point('Filter', () => this.#finder.nominated(cycle, refusals, within))
      : undefined
    return { cycle, feasible: room ?? this.#search(cycle, within), within, isNominated: room !== undefined }
  }

  #search(cycle: PreparedCycle, within: Placement | undefined): FeasibleNodes {
    const percentage = cycle.profile.percentageOfNodesToScore ?? this.#options.percentageOfNodesToScore
    return cycle.timer.point('Filter', () => this.#finder.find(cycle, percentage, this.#refusals, within))
  }

  #choose(cycle: PreparedCycle, feasible: FeasibleNodes, extra?: Float64Array): Selection {
    const { nodes } = feasible
    const [first] = nodes
    if (first === undefined) return none(cycle, this.#refusals, '', false)
    const refusals = this.#refusals
    if (nodes.length === 1) return { type: 'node', node: first, cycle, feasible: 1, refusals }
    const totals = this.#scorer.score(cycle, feasible)
    let { columns } = this.#scorer
    if (extra !== undefined) {
      columns = [...columns, { plugin: extenderName, at: (place) => extra[place] ?? 0 }]
      for (const [place, points] of extra.entries()) totals[place] = (totals[place] ?? 0) + points
    }
    const best = chooseBest(totals, this.#options.random)
    const scores = keepScores(nodes, totals, columns, best)
    return { type: 'node', node: nodes[best] ?? first, cycle, feasible: nodes.length, refusals, scores }
  }

  async #ask({ cycle, isNominated, ...found }: Found, extenders: readonly Extender[]): Promise<Selection> {
    let { nodes } = found.feasible
    let feasible = await this.#admitted(cycle, nodes, extenders)
    if (feasible.length === 0 && isNominated) {
      nodes = this.#search(cycle, found.within).nodes
      feasible = await this.#admitted(cycle, nodes, extenders)
    }
    const given = await Promise.all(
      feasible.length < 2 ? [] : extenders.map((extender) => extender.prioritize(cycle.pod.pod, feasible)),
    )
    const extra = new Float64Array(feasible.length)
    for (const points of given)
      feasible.forEach(({ name }, index) => {
        extra[index] = (extra[index] ?? 0) + (points.get(name) ?? 0)
      })
    const selection = this.#choose(cycle, feasibleNodes(feasible), extra)
    if (selection.type === 'node' || feasible.length === nodes.length) return selection
    const unschedulablePlugins = selection.diagnosis.unschedulablePlugins.union(new Set([extenderName]))
    return { ...selection, diagnosis: { ...selection.diagnosis, unschedulablePlugins } }
  }

  async #admitted(
    { pod }: PreparedCycle,
    nodes: readonly NodeInfo[],
    extenders: readonly Extender[],
  ): Promise<readonly NodeInfo[]> {
    let left = nodes
    for (const extender of extenders) {
      if (left.length === 0) break
      left = await extender.filter(pod.pod, left, this.#refusals)
    }
    return left
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
