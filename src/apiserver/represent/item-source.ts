import type { CachedObject } from '../cache/cached-object.ts'
import type { ListSource } from './list-source.ts'

const openBracket = 0x5b
const comma = 0x2c
const openBrace = 0x7b

export interface Items {
  readonly records: readonly CachedObject[]
  /** A record's JSON. */
  bytes(record: CachedObject): Uint8Array
  /** Where what lists show begins in it: behind the brace and the kind. */
  readonly itemStart: number
  /** Everything before the list's opening bracket. */
  readonly head: Uint8Array
  /** Everything after its closing one. */
  readonly tail: Uint8Array
}

/**
 * A list of whole objects in JSON. As many as fit are copied into a chunk from the last to the first: so each is
 * copied whole, and the one before covers the kind that lists leave out.
 */
export class ItemSource implements ListSource {
  readonly #items: Items
  #next = 0
  /** What has to go first: the head, the tail, or what is too large for one chunk, in parts that are not copied before. */
  #rest: Uint8Array[]
  #ended = false

  constructor(items: Items) {
    this.#items = items
    this.#rest = [items.head]
  }

  fill(chunk: Uint8Array): number {
    let used = this.#fillRest(chunk, 0)
    while (this.#rest.length === 0 && !this.#ended) {
      const next = this.#fillItems(chunk, used)
      if (next === used) {
        if (this.#next < this.#items.records.length && used > 0) return used
        this.#rest = this.#unusual()
      }
      used = this.#fillRest(chunk, next)
    }
    return used
  }

  #fillRest(chunk: Uint8Array, used: number): number {
    let at = used
    for (let rest = this.#rest[0]; rest !== undefined; rest = this.#rest[0]) {
      const room = chunk.length - at
      if (rest.length > room) {
        chunk.set(rest.subarray(0, room), at)
        this.#rest[0] = rest.subarray(room)
        return chunk.length
      }
      chunk.set(rest, at)
      at += rest.length
      this.#rest.shift()
    }
    return at
  }

  /** The tail, or an item that is larger than a chunk. */
  #unusual(): Uint8Array[] {
    const { records, itemStart, tail } = this.#items
    const record = records[this.#next]
    if (record === undefined) {
      this.#ended = true
      return records.length === 0 ? [Uint8Array.of(openBracket), tail] : [tail]
    }
    const before = Uint8Array.of(this.#next === 0 ? openBracket : comma, openBrace)
    this.#next++
    return [before, this.#items.bytes(record).subarray(itemStart)]
  }

  /** As many items as there is room for, behind `used`; gives where they end. */
  #fillItems(chunk: Uint8Array, used: number): number {
    const { records, itemStart } = this.#items
    const fitting: Uint8Array[] = []
    let end = used
    for (let record = records[this.#next]; record !== undefined; ) {
      const bytes = this.#items.bytes(record)
      const size = bytes.length - itemStart + 2
      if (end + size > chunk.length) break
      fitting.push(bytes)
      end += size
      record = records[this.#next + fitting.length]
    }
    let at = end
    for (let index = fitting.length - 1; index >= 0; index--) {
      const bytes = fitting[index]
      if (bytes === undefined) continue
      at -= bytes.length - itemStart
      if (at - itemStart >= used) chunk.set(bytes, at - itemStart)
      else chunk.set(bytes.subarray(itemStart), at)
      chunk[--at] = openBrace
      chunk[--at] = this.#next + index === 0 ? openBracket : comma
    }
    this.#next += fitting.length
    return end
  }
}
