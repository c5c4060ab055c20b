import type { CachedObject } from './cached-object.ts'

const nothing: ReadonlySet<CachedObject> = new Set()

/** Objects by one value that each has, or has not: a label's, or a selectable field's. */
export class ValueIndex {
  readonly #byValue = new Map<string, Set<CachedObject>>()
  readonly #read: (object: CachedObject) => string | undefined

  constructor(read: (object: CachedObject) => string | undefined) {
    this.#read = read
  }

  get(value: string): ReadonlySet<CachedObject> {
    return this.#byValue.get(value) ?? nothing
  }

  add(object: CachedObject): void {
    const value = this.#read(object)
    if (value === undefined) return
    const known = this.#byValue.get(value)
    if (known === undefined) this.#byValue.set(value, new Set([object]))
    else known.add(object)
  }

  remove(object: CachedObject): void {
    const value = this.#read(object)
    if (value === undefined) return
    const known = this.#byValue.get(value)
    known?.delete(object)
    if (known?.size === 0) this.#byValue.delete(value)
  }
}
