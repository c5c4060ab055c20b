import { assert } from './assert.ts'

type Branch<T> = Map<string, Branch<T> | Leaf<T>>

interface Leaf<T> {
  readonly leaf: T
}

/**
 * One value for each combination of label values. A tree of maps, one level for each label: strings that
 * live long have their hash cached, so that a look-up neither joins nor hashes anything.
 */
export class LabelTree<T> {
  readonly #depth: number
  readonly #make: (values: readonly string[]) => T
  readonly #leaves: T[] = []
  readonly #root: Branch<T> = new Map()
  #last: { readonly values: readonly string[]; readonly leaf: T } | undefined

  /** `make` is called once for each new combination. */
  constructor(depth: number, make: (values: readonly string[]) => T) {
    this.#depth = depth
    this.#make = make
  }

  /** In the order of their making. */
  get leaves(): readonly T[] {
    return this.#leaves
  }

  clear(): void {
    this.#leaves.length = 0
    this.#root.clear()
    this.#last = undefined
  }

  get(values: readonly string[]): T {
    assert(values.length === this.#depth, `a metric wants ${this.#depth} label values, not ${values.length}`)
    const last = this.#last
    if (last !== undefined && this.#isSame(last.values, values)) return last.leaf
    const leaf = this.#find(values)
    this.#last = { values, leaf }
    return leaf
  }

  /** Forgets what was kept for these values. */
  remove(values: readonly string[]): void {
    let branch = this.#root
    for (const value of values.slice(0, -1)) {
      const next = branch.get(value)
      if (!(next instanceof Map)) return
      branch = next
    }
    const last = values.at(-1) ?? ''
    const found = branch.get(last)
    if (found === undefined || found instanceof Map) return
    branch.delete(last)
    this.#leaves.splice(this.#leaves.indexOf(found.leaf), 1)
    this.#last = undefined
  }

  #isSame(known: readonly string[], values: readonly string[]): boolean {
    for (let level = 0; level < this.#depth; level++) if (known[level] !== values[level]) return false
    return true
  }

  #find(values: readonly string[]): T {
    let branch = this.#root
    for (let level = 0; level < this.#depth - 1; level++) {
      const value = values[level] ?? ''
      const next = branch.get(value)
      if (next instanceof Map) {
        branch = next
      } else {
        const made: Branch<T> = new Map()
        branch.set(value, made)
        branch = made
      }
    }
    const last = values[this.#depth - 1] ?? ''
    const found = branch.get(last)
    if (found !== undefined && !(found instanceof Map)) return found.leaf
    const leaf = this.#make(values)
    branch.set(last, { leaf })
    this.#leaves.push(leaf)
    return leaf
  }
}
