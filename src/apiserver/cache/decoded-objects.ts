import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { ByteBoundedMap } from './byte-bounded-map.ts'
import type { CachedObject } from './cached-object.ts'
import type { Layout } from './layout.ts'

/** A copy with another resource version that shares everything else. */
export function withResourceVersion(object: KubernetesObject, resourceVersion: string): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion } }
}

/** Decoded objects: those that were written or read lately, bounded by the size of their bytes. Shared by all resources. */
export class DecodedObjects {
  readonly #objects: ByteBoundedMap<CachedObject, KubernetesObject>

  constructor(maxBytes: number) {
    this.#objects = new ByteBoundedMap(maxBytes)
  }

  get(record: CachedObject, layout: Layout): KubernetesObject {
    const known = this.#objects.get(record)
    const resourceVersion = String(record.revision)
    if (known?.metadata?.resourceVersion === resourceVersion) return known
    const object =
      known === undefined ? layout.parse(record.bytes) : withResourceVersion(known, resourceVersion)
    this.#objects.set(record, object, record.bytes.length)
    return object
  }

  /**
   * As `get`, for those who look at many and do not come back. `rawFields`: trees of owned fields may be RawJson, for
   * those who only pass them on.
   */
  peek(record: CachedObject, layout: Layout, rawFields = false): KubernetesObject {
    const known = this.#objects.get(record)
    if (known?.metadata?.resourceVersion === String(record.revision)) return known
    return rawFields ? layout.parseRawFields(record.bytes) : layout.parse(record.bytes)
  }

  /** Remembers what was written; its resource version is set when somebody looks. */
  put(record: CachedObject, object: KubernetesObject): void {
    this.#objects.set(record, object, record.bytes.length)
  }

  forget(record: CachedObject): void {
    this.#objects.delete(record)
  }
}
