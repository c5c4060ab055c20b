import type { NodeInfo } from '../node-info.ts'
import type { NodeTable } from '../node-table.ts'
import { PluginError } from './plugin-error.ts'
import type { PreparedCycle } from './prepared-cycle.ts'
import type { Refusals } from './refusals.ts'

/** Upstream looks at no fewer nodes than this, and at no smaller part than that. */
const minNodesToFind = 100
const minPercentage = 5

/** How many feasible nodes are enough; `percentage` 0 adapts to the size of the cluster. */
export function feasibleNodesToFind(nodes: number, percentage: number): number {
  if (nodes < minNodesToFind) return nodes
  const share = percentage === 0 ? Math.max(minPercentage, 50 - Math.trunc(nodes / 125)) : percentage
  return Math.max(minNodesToFind, Math.trunc((nodes * share) / 100))
}

/** Runs the cycle's filters over the nodes, on from where the last search ended, so that all nodes get their turn. */
export class NodeFinder {
  readonly #table: NodeTable
  #start = 0

  constructor(table: NodeTable) {
    this.#table = table
  }

  /** Nodes that pass all filters, at most as many as are enough; why others do not is in `refusals`. */
  find(cycle: PreparedCycle, percentage: number, refusals: Refusals): NodeInfo[] {
    const nominated = this.#nominated(cycle, refusals)
    if (nominated !== undefined) return [nominated]
    const nodes = this.#candidates(cycle, refusals)
    const enough = cycle.profile.at.score.length === 0 ? 1 : feasibleNodesToFind(nodes.length, percentage)
    const feasible: NodeInfo[] = []
    let looked = 0
    try {
      for (; looked < nodes.length && feasible.length < enough; looked++) {
        const node = nodes[(this.#start + looked) % nodes.length]
        if (node === undefined) continue
        const rejection = cycle.check(node)
        if (rejection === undefined) feasible.push(node)
        else refusals.set(node, cycle.refuser, rejection)
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new PluginError(`running filter plugins: ${message}`, { cause: error })
    }
    const all = this.#table.nodes.length
    if (all > 0) this.#start = (this.#start + feasible.length + refusals.size) % all
    return feasible
  }

  /** The node where room was made for the pod: likely the only one that fits, so it is tried first. */
  #nominated(cycle: PreparedCycle, refusals: Refusals): NodeInfo | undefined {
    const name = cycle.pod.pod.status?.nominatedNodeName
    const node = name ? this.#table.get(name) : undefined
    if (node === undefined) return undefined
    const rejection = cycle.check(node)
    if (rejection !== undefined) refusals.set(node, cycle.refuser, rejection)
    return rejection === undefined ? node : undefined
  }

  #candidates({ nodes, nodesBy }: PreparedCycle, refusals: Refusals): readonly NodeInfo[] {
    if (nodes === undefined) return this.#table.inOrder
    const reasons = [`node(s) didn't satisfy plugin(s) [${[...nodesBy].sort().join(' ')}]`]
    refusals.setAbsent({ plugin: '', rejection: { resolvable: false, reasons } })
    const found: NodeInfo[] = []
    for (const name of nodes) {
      const node = this.#table.get(name)
      if (node !== undefined) found.push(node)
    }
    return found
  }
}
