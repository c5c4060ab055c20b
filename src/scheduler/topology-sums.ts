import type { NodeInfo } from './node-info.ts'
import type { NodeTable } from './node-table.ts'
import type { TopologyColumn } from './topology-column.ts'

const leastRoom = 8

/** A sum for each value of one node label. */
export class TopologySums {
  readonly key: string
  /** Undefined where the table keeps no such column: sums are kept by the label's values then. */
  readonly #column: TopologyColumn | undefined
  readonly #byValue = new Map<string, number>()
  #byId = new Float64Array(0)
  /** How many sums there are that are not 0. */
  #count = 0

  constructor(key: string, table: NodeTable) {
    this.key = key
    this.#column = table.topology(key)
  }

  /** Nothing happens for a node without the label. */
  add(node: NodeInfo, amount: number): void {
    if (this.#column !== undefined) this.#addById(this.#column.ids[node.index] ?? -1, amount)
    else {
      const value = node.node.metadata?.labels?.[this.key]
      if (value !== undefined) this.#addByValue(value, amount)
    }
  }

  /** Of the node's value; 0 for a node without the label. */
  of(node: NodeInfo): number {
    if (this.#column !== undefined) return this.#byId[this.#column.ids[node.index] ?? -1] ?? 0
    const value = node.node.metadata?.labels?.[this.key]
    return value === undefined ? 0 : (this.#byValue.get(value) ?? 0)
  }

  /** Whether the node has not the label. */
  isAbsent({ index, node }: NodeInfo): boolean {
    if (this.#column !== undefined) return (this.#column.ids[index] ?? -1) < 0
    return node.metadata?.labels?.[this.key] === undefined
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  #addById(id: number, amount: number): void {
    if (id < 0) return
    if (id >= this.#byId.length) {
      const grown = new Float64Array(Math.max(leastRoom, 2 * this.#byId.length, id + 1))
      grown.set(this.#byId)
      this.#byId = grown
    }
    const before = this.#byId[id] ?? 0
    this.#byId[id] = before + amount
    this.#note(before, before + amount)
  }

  #addByValue(value: string, amount: number): void {
    const before = this.#byValue.get(value) ?? 0
    const after = before + amount
    if (after === 0) this.#byValue.delete(value)
    else this.#byValue.set(value, after)
    this.#note(before, after)
  }

  #note(before: number, after: number): void {
    this.#count += Number(after !== 0) - Number(before !== 0)
  }
}
