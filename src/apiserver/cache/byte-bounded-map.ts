/** Remembers values by key until their sizes add up to more than `maxBytes`; then forgets what was not used for longest. */
export class ByteBoundedMap<K, V> {
  readonly #entries = new Map<K, { readonly value: V; readonly size: number }>()
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: K, value: V, size: number): void {
    this.delete(key)
    if (size > this.#maxBytes) return
    this.#entries.set(key, { value, size })
    this.#bytes += size
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#entries.keys().next()
      if (oldest.done) return
      this.delete(oldest.value)
    }
  }

  delete(key: K): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#bytes -= entry.size
  }
}
