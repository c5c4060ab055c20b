import { messageOf } from '../../base/message-of.ts'
import type { Placement } from '../framework.ts'
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

/** Nodes that would do. Their indices beside them: whoever has these need not look into the nodes' objects. */
export interface FeasibleNodes {
  readonly nodes: readonly NodeInfo[]
  readonly indices: readonly number[]
}

export const feasibleNodes = (nodes: readonly NodeInfo[]): FeasibleNodes => ({
  nodes,
  indices: nodes.map(({ index }) => index),
})

function inside({ nodes }: Placement, candidates: readonly number[]): readonly number[] {
  const indices = new Set(nodes.map(({ index }) => index))
  return candidates.filter((index) => indices.has(index))
}

/** Runs the cycle's filters over the nodes, on from where the last search ended, so that all nodes get their turn. */
export class NodeFinder {
  readonly #table: NodeTable
  #start = 0

  constructor(table: NodeTable) {
    this.#table = table
  }

  /** Nodes that pass all filters, at most as many as are enough; why others do not is in `refusals`. */
  find(cycle: PreparedCycle, percentage: number, refusals: Refusals, within?: Placement): FeasibleNodes {
    const all = this.#candidates(cycle, refusals)
    const candidates = within === undefined ? all : inside(within, all)
    const { nodes } = this.#table
    const count = candidates.length
    const enough = cycle.profile.at.score.length === 0 ? 1 : feasibleNodesToFind(count, percentage)
    const feasible: NodeInfo[] = []
    const indices: number[] = []
    let at = this.#start % count
    try {
      // Indices, so that the objects of nodes about which nothing has to be asked are not looked into.
      for (let looked = 0; looked < count && feasible.length < enough; looked++) {
        const index = candidates[at] ?? 0
        at = at + 1 === count ? 0 : at + 1
        const node = nodes[index]
        if (node === undefined) continue
        const rejection = cycle.check(node, index)
        if (rejection === undefined) {
          feasible.push(node)
          indices.push(index)
        } else refusals.set(index, cycle.refuser, rejection)
      }
    } catch (error) {
      const message = messageOf(error)
      throw new PluginError(`running filter plugins: ${message}`, { cause: error })
    }
    const many = nodes.length
    if (many > 0) this.#start = (this.#start + feasible.length + refusals.size) % many
    return { nodes: feasible, indices }
  }

  /** The node where room was made for the pod: likely the only one that fits, so it is tried first. */
  nominated(cycle: PreparedCycle, refusals: Refusals, within?: Placement): FeasibleNodes | undefined {
    const name = cycle.pod.pod.status?.nominatedNodeName
    const node = name ? this.#table.get(name) : undefined
    if (node === undefined || within?.nodes.includes(node) === false) return undefined
    const rejection = cycle.check(node)
    if (rejection !== undefined) refusals.set(node.index, cycle.refuser, rejection)
    return rejection === undefined ? feasibleNodes([node]) : undefined
  }

  #candidates({ nodes, nodesBy }: PreparedCycle, refusals: Refusals): readonly number[] {
    if (nodes === undefined) return this.#table.order
    const reasons = [`node(s) didn't satisfy plugin(s) [${[...nodesBy].sort().join(' ')}]`]
    refusals.setAbsent({ plugin: '', rejection: { resolvable: false, reasons } })
    const found: number[] = []
    for (const name of nodes) {
      const node = this.#table.get(name)
      if (node !== undefined) found.push(node.index)
    }
    return found
  }
}
