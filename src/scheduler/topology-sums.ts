import type { core } from '../../../api/generated/types/index.ts'

/** A sum for each value of one node label; values without any are not there. */
export class TopologySums {
  readonly key: string
  readonly #sums = new Map<string, number>()

  constructor(key: string) {
    this.key = key
  }

  /** Nothing happens for a node without the label. */
  add(node: core.v1.Node, amount: number): void {
    const value = node.metadata?.labels?.[this.key]
    if (value === undefined) return
    const sum = (this.#sums.get(value) ?? 0) + amount
    if (sum === 0) this.#sums.delete(value)
    else this.#sums.set(value, sum)
  }

  /** Of the node's value; 0 for a node without the label. */
  of(node: core.v1.Node): number {
    const value = node.metadata?.labels?.[this.key]
    return value === undefined ? 0 : (this.#sums.get(value) ?? 0)
  }

  get isEmpty(): boolean {
    return this.#sums.size === 0
  }
}
