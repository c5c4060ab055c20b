import type { Filter, PreFilterResult, PreScoreResult, Profile, Rejection } from './framework.ts'
import type { NodeInfo } from './node-info.ts'
import type { NodeTable } from './node-table.ts'
import type { PodInfo } from './pod-info.ts'

/** Why no node would do: what `FailedScheduling` says, and which plugins an event has to satisfy. */
export interface Failure {
  readonly message: string
  readonly refusedBy: ReadonlySet<string>
}

export type Selection =
  | { readonly type: 'node'; readonly node: NodeInfo; readonly evaluated: number; readonly feasible: number }
  | { readonly type: 'none'; readonly failure: Failure }

/** Upstream looks at no fewer nodes than this, and at no smaller part than that. */
const minNodesToFind = 100
const minPercentage = 5

/** How many feasible nodes are enough; `percentage` 0 adapts to the size of the cluster. */
export function feasibleNodesToFind(nodes: number, percentage: number): number {
  if (nodes < minNodesToFind) return nodes
  const share = percentage === 0 ? Math.max(minPercentage, 50 - Math.trunc(nodes / 125)) : percentage
  return Math.max(minNodesToFind, Math.trunc((nodes * share) / 100))
}

/** Counts reasons as upstream words them: `0/5 nodes are available: 3 Insufficient cpu, 2 node(s) were unschedulable.` */
export function failureMessage(nodes: number, reasons: ReadonlyMap<string, number>): string {
  if (nodes === 0) return 'no nodes available to schedule pods'
  const counted = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort()
  return `0/${nodes} nodes are available:${counted.length === 0 ? '' : ` ${counted.join(', ')}.`}`
}

export interface SelectionOptions {
  readonly profile: Profile
  readonly table: NodeTable
  /** Uniform in [0, 1): breaks ties between equal scores. */
  readonly random: () => number
  readonly percentageOfNodesToScore: number
}

interface NamedFilter {
  readonly plugin: string
  readonly filter: Filter
}

/** Finds a node for one pod after another. Remembers where the last search ended, so that all nodes get their turn. */
export class NodeSelector {
  readonly #options: SelectionOptions
  #start = 0

  constructor(options: SelectionOptions) {
    this.#options = options
  }

  select(pod: PodInfo): Selection {
    const { table, profile } = this.#options
    const prepared = this.#prepare(pod)
    if ('failure' in prepared) return { type: 'none', failure: prepared.failure }
    const { feasible, reasons, refusedBy, evaluated } = this.#findFeasible(prepared.filters, prepared.nodes)
    const [first] = feasible
    if (first === undefined) {
      return { type: 'none', failure: { message: failureMessage(table.nodes.length, reasons), refusedBy } }
    }
    const node = feasible.length === 1 ? first : this.#best(pod, feasible, profile, first)
    return { type: 'node', node, evaluated, feasible: feasible.length }
  }

  #prepare(
    pod: PodInfo,
  ): { filters: readonly NamedFilter[]; nodes: ReadonlySet<string> | undefined } | { failure: Failure } {
    const filters: NamedFilter[] = []
    let nodes: ReadonlySet<string> | undefined
    for (const { plugin } of this.#options.profile.plugins) {
      const result: PreFilterResult = plugin.preFilter?.(pod) ?? { type: 'skip' }
      if (result.type === 'skip') continue
      if (result.type === 'reject') return { failure: this.#refusal(plugin.name, result.rejection) }
      filters.push({ plugin: plugin.name, filter: result.filter })
      const named = result.nodes
      if (named) nodes = nodes ? new Set([...nodes].filter((name) => named.has(name))) : named
    }
    return { filters, nodes }
  }

  #refusal(plugin: string, { reasons }: Rejection): Failure {
    const count = this.#options.table.nodes.length
    return { message: `0/${count} nodes are available: ${reasons.join(', ')}.`, refusedBy: new Set([plugin]) }
  }

  #findFeasible(filters: readonly NamedFilter[], only: ReadonlySet<string> | undefined) {
    const { table, percentageOfNodesToScore } = this.#options
    const all = table.nodes
    const enough = feasibleNodesToFind(all.length, percentageOfNodesToScore)
    const feasible: NodeInfo[] = []
    const reasons = new Map<string, number>()
    const refusedBy = new Set<string>()
    let evaluated = 0
    for (; evaluated < all.length && feasible.length < enough; evaluated++) {
      const node = all[(this.#start + evaluated) % all.length]
      if (node === undefined) continue
      if (only !== undefined && !only.has(node.name)) {
        refusedBy.add('NodeAffinity')
        count(reasons, "node(s) didn't match Pod's node affinity/selector")
        continue
      }
      const refusal = firstRefusal(filters, node)
      if (refusal === undefined) feasible.push(node)
      else {
        refusedBy.add(refusal.plugin)
        for (const reason of refusal.rejection.reasons) count(reasons, reason)
      }
    }
    this.#start = all.length === 0 ? 0 : (this.#start + evaluated) % all.length
    return { feasible, reasons, refusedBy, evaluated }
  }

  #best(pod: PodInfo, nodes: readonly NodeInfo[], profile: Profile, first: NodeInfo): NodeInfo {
    const totals = new Float64Array(nodes.length)
    const scores = new Float64Array(nodes.length)
    for (const { plugin, weight } of profile.plugins) {
      if (weight === 0) continue
      const result: PreScoreResult = plugin.preScore?.(pod, nodes) ?? { type: 'skip' }
      if (result.type === 'skip') continue
      const { score, normalize } = result
      nodes.forEach((node, index) => {
        scores[index] = score(node)
      })
      normalize?.(scores)
      for (let index = 0; index < totals.length; index++)
        totals[index] = (totals[index] ?? 0) + (scores[index] ?? 0) * weight
    }
    return this.#highest(nodes, totals, first)
  }

  /** The best score; among equals each has the same chance (a reservoir of one). */
  #highest(nodes: readonly NodeInfo[], totals: Float64Array, first: NodeInfo): NodeInfo {
    let [best, equals, chosen] = [Number.NEGATIVE_INFINITY, 0, first]
    nodes.forEach((node, index) => {
      const total = totals[index] ?? 0
      if (total > best) [best, equals, chosen] = [total, 1, node]
      else if (total === best && this.#options.random() * ++equals < 1) chosen = node
    })
    return chosen
  }
}

function count(reasons: Map<string, number>, reason: string): void {
  reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
}

function firstRefusal(
  filters: readonly NamedFilter[],
  node: NodeInfo,
): { plugin: string; rejection: Rejection } | undefined {
  for (const { plugin, filter } of filters) {
    const rejection = filter(node)
    if (rejection !== undefined) return { plugin, rejection }
  }
  return undefined
}
