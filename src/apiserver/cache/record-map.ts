import { ByteBoundedMap } from './byte-bounded-map.ts'
import { type CachedObject, GoneObject } from './cached-object.ts'

interface Known<V> {
  readonly revision: number
  readonly value: V
}

/**
 * What has been made from records of one resource, within a bound. By name and revision: it keeps no record, and with
 * it no bytes, that nothing else does, and an object's next revision takes the place of the one before. What is made
 * from a GoneObject is not remembered.
 */
export class RecordMap<V> {
  readonly #known: ByteBoundedMap<string, Known<V>>

  constructor(maxBytes: number) {
    this.#known = new ByteBoundedMap(maxBytes)
  }

  get(record: CachedObject): V | undefined {
    const known = this.#known.get(record.id)
    return known?.revision === record.revision && !(record instanceof GoneObject) ? known.value : undefined
  }

  set(record: CachedObject, value: V, bytes: number): void {
    if (record instanceof GoneObject) return
    this.#known.set(record.id, { revision: record.revision, value }, bytes)
  }
}
