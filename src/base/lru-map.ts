import { assert } from './assert.ts'

interface Entry<K, V> {
  readonly key: K
  value: V
  older: Entry<K, V> | undefined
  newer: Entry<K, V> | undefined
}

/**
 * A map that forgets what was not used for longest once it holds more than `capacity` entries. The order is a list of
 * its own: a Map whose oldest key is taken each time grows a tail of holes that every look at its first key has to pass.
 */
export class LruMap<K, V> {
  readonly #entries = new Map<K, Entry<K, V>>()
  readonly #capacity: number
  #oldest: Entry<K, V> | undefined
  #newest: Entry<K, V> | undefined

  constructor(capacity: number) {
    assert(capacity > 0, `an LRU map has room for ${capacity} entries`)
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#use(entry)
    return entry.value
  }

  set(key: K, value: V): void {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.value = value
      this.#use(known)
      return
    }
    const entry: Entry<K, V> = { key, value, older: undefined, newer: undefined }
    this.#entries.set(key, entry)
    this.#append(entry)
    if (this.#entries.size > this.#capacity && this.#oldest !== undefined) this.delete(this.#oldest.key)
  }

  /** All of them, in no order; a copy. */
  entries(): readonly (readonly [K, V])[] {
    return Array.from(this.#entries, ([key, { value }]) => [key, value])
  }

  delete(key: K): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#unlink(entry)
  }

  #use(entry: Entry<K, V>): void {
    if (entry === this.#newest) return
    this.#unlink(entry)
    this.#append(entry)
  }

  #append(entry: Entry<K, V>): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #unlink({ older, newer }: Entry<K, V>): void {
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
  }
}
