import type { core } from '../../../api/generated/types/index.ts'
import { amountOf } from '../../../apimachinery/quantity.ts'
import type { NodeInfo } from '../../node-info.ts'
import type { NodeTableObserver } from '../../node-table.ts'

/** Labels of nodes: `data.timonel.dev/logs: 120Gi` says that the node holds so much of the data set `logs`. */
export const dataLabelPrefix = 'data.timonel.dev/'

/** Sizes by data set, in bytes; what is no amount, or none above 0, is not there. */
function dataOf(node: core.v1.Node): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>()
  for (const [label, text] of Object.entries(node.metadata?.labels ?? {})) {
    if (!label.startsWith(dataLabelPrefix)) continue
    const bytes = Number(amountOf(text)?.nano ?? 0n) / 1e9
    if (bytes > 0) sizes.set(label.slice(dataLabelPrefix.length), bytes)
  }
  return sizes
}

/** Which nodes hold each data set, and how much of it. A node whose labels change leaves and comes again. */
export class DataIndex implements NodeTableObserver {
  readonly #holders = new Map<string, Map<NodeInfo, number>>()
  readonly #ofNode = new Map<NodeInfo, readonly string[]>()

  holders(data: string): ReadonlyMap<NodeInfo, number> | undefined {
    return this.#holders.get(data)
  }

  nodeComes(info: NodeInfo): void {
    const sizes = dataOf(info.node)
    if (sizes.size === 0) return
    this.#ofNode.set(info, [...sizes.keys()])
    for (const [data, bytes] of sizes) {
      const holders = this.#holders.get(data) ?? new Map<NodeInfo, number>()
      this.#holders.set(data, holders.set(info, bytes))
    }
  }

  nodeLeaves(info: NodeInfo): void {
    for (const data of this.#ofNode.get(info) ?? []) {
      const holders = this.#holders.get(data)
      if (holders?.delete(info) && holders.size === 0) this.#holders.delete(data)
    }
    this.#ofNode.delete(info)
  }

  podAdded(): void {}

  podRemoved(): void {}
}
