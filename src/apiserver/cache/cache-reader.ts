import type { KubernetesObject, StringMap } from '../../apimachinery/meta.ts'
import { FieldMatcher } from '../../apimachinery/selectors/field-selector.ts'
import { assert } from '../../base/assert.ts'
import type { GroupResource, ObjectReader } from '../object-reader.ts'
import type { CachedObject } from './cached-object.ts'
import type { ResourceCache } from './resource-cache.ts'
import { everything } from './selection.ts'

type ChangeHandler = (object: KubernetesObject | undefined, old: KubernetesObject | undefined) => void

function* decoded(cache: ResourceCache, records: readonly CachedObject[]): Generator<KubernetesObject> {
  for (const record of records) yield cache.object(record)
}

/** Reads the caches for the server's own parts. */
export class CacheReader implements ObjectReader {
  readonly #caches = new Map<string, ResourceCache>()

  constructor(caches: readonly ResourceCache[]) {
    for (const cache of caches) this.#caches.set(`${cache.kind.group}/${cache.kind.resource}`, cache)
  }

  serves({ group, resource }: GroupResource): boolean {
    return this.#caches.has(`${group}/${resource}`)
  }

  #cache({ group, resource }: GroupResource): ResourceCache {
    const cache = this.#caches.get(`${group}/${resource}`)
    assert(cache !== undefined, `${group}/${resource} is not served`)
    return cache
  }

  get(resource: GroupResource, namespace: string, name: string): KubernetesObject | undefined {
    const cache = this.#cache(resource)
    const record = cache.get(namespace === '' ? name : `${namespace}/${name}`)
    return record === undefined ? undefined : cache.object(record)
  }

  labels(resource: GroupResource, namespace: string, name: string): StringMap | undefined {
    const cache = this.#cache(resource)
    const record = cache.get(namespace === '' ? name : `${namespace}/${name}`)
    return record && cache.attributes(record).labels
  }

  list(resource: GroupResource, namespace = ''): readonly KubernetesObject[] {
    const cache = this.#cache(resource)
    return cache.select({ ...everything, namespace }).objects.map((record) => cache.object(record))
  }

  each(resource: GroupResource, namespace = ''): Iterable<KubernetesObject> {
    const cache = this.#cache(resource)
    return decoded(cache, cache.select({ ...everything, namespace }).objects)
  }

  listByField(resource: GroupResource, field: string, value: string): readonly KubernetesObject[] {
    const cache = this.#cache(resource)
    const fields = new FieldMatcher([{ field, operator: '=', value }])
    return cache.select({ ...everything, fields }).objects.map((record) => cache.object(record))
  }

  onChange(resource: GroupResource, handler: ChangeHandler): () => void {
    const cache = this.#cache(resource)
    const read = (record: CachedObject | undefined): KubernetesObject | undefined =>
      record === undefined ? undefined : cache.object(record)
    return cache.onRead((now, before) => handler(read(now), read(before)))
  }
}
