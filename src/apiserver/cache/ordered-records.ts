import { BTree } from '../../base/btree.ts'
import type { CachedObject } from './cached-object.ts'

/** Where an object's newest record is: the order by id changes only when objects come and go. */
interface Slot {
  record: CachedObject
}

export interface RecordRange {
  /** '': of all namespaces. */
  readonly namespace: string
  /** Exclusive: an id. */
  readonly after: string
  /** 0: no limit. */
  readonly limit: number
  /** Absent: all of them. */
  readonly matches?: (record: CachedObject) => boolean
}

const byteOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
export const byId = (a: CachedObject, b: CachedObject): number => byteOrder(a.id, b.id)

/** Behind every id of the namespace. */
const endOf = (namespace: string): string => (namespace === '' ? '\u{10ffff}' : `${namespace}0`)

/** The newest record of each object of one kind: by id, and in the order of the ids. */
export class OrderedRecords {
  readonly #byId = new Map<string, Slot>()
  readonly #ordered = new BTree<string, Slot>(undefined, byteOrder)
  #bytes = 0

  get size(): number {
    return this.#byId.size
  }

  /** Of all objects, encoded. */
  get bytes(): number {
    return this.#bytes
  }

  get(id: string): CachedObject | undefined {
    return this.#byId.get(id)?.record
  }

  *values(): Iterable<CachedObject> {
    for (const { record } of this.#byId.values()) yield record
  }

  clear(): void {
    this.#byId.clear()
    this.#ordered.clear()
    this.#bytes = 0
  }

  /** Gives the record before. */
  set(id: string, record: CachedObject): CachedObject | undefined {
    const known = this.#byId.get(id)
    this.#bytes += record.bytes.length - (known?.record.bytes.length ?? 0)
    if (known !== undefined) {
      const previous = known.record
      known.record = record
      return previous
    }
    const slot = { record }
    this.#byId.set(id, slot)
    this.#ordered.set(id, slot)
    return undefined
  }

  /** Gives what was there. */
  delete(id: string): CachedObject | undefined {
    const known = this.#byId.get(id)
    if (known === undefined) return undefined
    this.#bytes -= known.record.bytes.length
    this.#byId.delete(id)
    this.#ordered.delete(id)
    return known.record
  }

  /** All of them, ascending by id. */
  inOrder(): readonly CachedObject[] {
    return this.#ordered.valuesArray().map(({ record }) => record)
  }

  /** Ascending by id; `more`: others follow. */
  range({ namespace, after, limit, matches }: RecordRange): {
    readonly objects: readonly CachedObject[]
    readonly more: boolean
  } {
    const low = namespace === '' ? '' : `${namespace}/`
    const start = after >= low ? `${after}\0` : low
    const objects: CachedObject[] = []
    let more = false
    this.#ordered.forRange(start, endOf(namespace), false, (_id, { record }) => {
      if (matches !== undefined && !matches(record)) return undefined
      if (limit > 0 && objects.length === limit) {
        more = true
        return { break: true }
      }
      objects.push(record)
      return undefined
    })
    return { objects, more }
  }

  /** How many follow `id` in a namespace. */
  countAfter(namespace: string, id: string): number {
    return this.#ordered.forRange(`${id}\0`, endOf(namespace), false)
  }
}
