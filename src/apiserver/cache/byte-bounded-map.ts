interface Entry<V> {
  readonly value: V
  readonly size: number
}

/**
 * Remembers values by key within about `maxBytes`, those used last. Two generations: when the newer one holds half of
 * that, it becomes the older one and what was there is forgotten. (A map from which the oldest key is taken each
 * time grows a tail of holes that every look at its first key has to pass.)
 */
export class ByteBoundedMap<K, V> {
  readonly #maxBytes: number
  #newer = new Map<K, Entry<V>>()
  #older = new Map<K, Entry<V>>()
  #newerBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(key: K): V | undefined {
    const entry = this.#newer.get(key)
    if (entry !== undefined) return entry.value
    const old = this.#older.get(key)
    if (old === undefined) return undefined
    this.#older.delete(key)
    this.#add(key, old)
    return old.value
  }

  set(key: K, value: V, size: number): void {
    this.delete(key)
    if (size <= this.#maxBytes / 2) this.#add(key, { value, size })
  }

  #add(key: K, entry: Entry<V>): void {
    if (this.#newerBytes + entry.size > this.#maxBytes / 2) {
      this.#older = this.#newer
      this.#newer = new Map()
      this.#newerBytes = 0
    }
    this.#newer.set(key, entry)
    this.#newerBytes += entry.size
  }

  delete(key: K): void {
    const entry = this.#newer.get(key)
    if (entry === undefined) {
      this.#older.delete(key)
      return
    }
    this.#newer.delete(key)
    this.#newerBytes -= entry.size
  }
}
