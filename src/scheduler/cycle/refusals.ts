import type { Refusal, Rejection } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'

/** What a node is refused for that nobody has looked at. */
const notReached: Refusal = { plugin: '', rejection: { resolvable: false, reasons: [] } }

/** Which nodes were refused in a cycle, and why. One object for cycle after cycle: nothing is made anew for a node. */
export class Refusals {
  #rejections: (Rejection | undefined)[] = []
  #plugins: string[] = []
  #touched: number[] = []
  #absent: Refusal = notReached

  /** Nodes that were looked at and refused. */
  get size(): number {
    return this.#touched.length
  }

  clear(): void {
    for (const index of this.#touched) this.#rejections[index] = undefined
    this.#touched.length = 0
    this.#absent = notReached
  }

  set(index: number, plugin: string, rejection: Rejection): void {
    if (this.#rejections[index] === undefined) this.#touched.push(index)
    this.#rejections[index] = rejection
    this.#plugins[index] = plugin
  }

  /** What holds for all nodes that were not looked at. */
  setAbsent(refusal: Refusal): void {
    this.#absent = refusal
  }

  get({ index }: NodeInfo): Refusal {
    const rejection = this.#rejections[index]
    return rejection === undefined ? this.#absent : { plugin: this.#plugins[index] ?? '', rejection }
  }

  /** Those that were looked at, in the order in which they were. */
  forEachRefusal(visit: (refusal: Refusal) => void): void {
    for (const index of this.#touched) {
      const rejection = this.#rejections[index]
      if (rejection !== undefined) visit({ plugin: this.#plugins[index] ?? '', rejection })
    }
  }

  /** The first `limit` of those that were looked at. */
  first<T>(limit: number, see: (index: number, refusal: Refusal) => T): readonly T[] {
    return this.#touched.slice(0, limit).flatMap((index) => {
      const rejection = this.#rejections[index]
      return rejection === undefined ? [] : [see(index, { plugin: this.#plugins[index] ?? '', rejection })]
    })
  }

  /** How often each reason was given, nodes that were not looked at among them. */
  reasons(nodes: number): ReadonlyMap<string, number> {
    const rejections = new Map<Rejection, number>()
    const count = (rejection: Rejection | undefined, times: number): void => {
      if (rejection !== undefined && times > 0)
        rejections.set(rejection, (rejections.get(rejection) ?? 0) + times)
    }
    for (const index of this.#touched) count(this.#rejections[index], 1)
    count(this.#absent.rejection, nodes - this.#touched.length)
    const reasons = new Map<string, number>()
    for (const [rejection, times] of rejections)
      for (const reason of rejection.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + times)
    return reasons
  }
}
