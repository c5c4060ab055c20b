import { ByteBoundedMap } from './byte-bounded-map.ts'
import type { CachedObject } from './cached-object.ts'

interface Known<V> {
  readonly revision: number
  readonly value: V
}

/**
 * What has been made from records of one resource, within a bound. By name and revision: it keeps no record, and with
 * it no bytes, that nothing else does, and an object's next revision takes the place of the one before.
 */
export class RecordMap<V> {
  readonly #known: ByteBoundedMap<string, Known<V>>

  constructor(maxBytes: number) {
    this.#known = new ByteBoundedMap(maxBytes)
  }

  get({ id, revision }: CachedObject): V | undefined {
    const known = this.#known.get(id)
    return known?.revision === revision ? known.value : undefined
  }

  set({ id, revision }: CachedObject, value: V, bytes: number): void {
    this.#known.set(id, { revision, value }, bytes)
  }
}
