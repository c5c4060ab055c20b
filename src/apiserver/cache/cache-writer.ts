import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { objectModified } from '../../apimachinery/status-error.ts'
import { assert } from '../../base/assert.ts'
import type { GroupResource } from '../object-reader.ts'
import type { ObjectWriter } from '../object-writer.ts'
import { fromStorageError, GuardFailedError } from '../rest/storage-errors.ts'
import type { Mirror } from './mirror.ts'
import type { ResourceCache } from './resource-cache.ts'

/** Writes to the store for the server's own parts. */
export class CacheWriter implements ObjectWriter {
  readonly #mirror: Mirror
  readonly #cacheOf: (resource: GroupResource) => ResourceCache | undefined

  constructor(mirror: Mirror, cacheOf: (resource: GroupResource) => ResourceCache | undefined) {
    this.#mirror = mirror
    this.#cacheOf = cacheOf
  }

  async replace(resource: GroupResource, object: KubernetesObject): Promise<void> {
    const cache = this.#cacheOf(resource)
    assert(cache !== undefined, `${resource.group}/${resource.resource} is not served`)
    const { namespace = '', name = '', resourceVersion } = object.metadata ?? {}
    const id = namespace === '' ? name : `${namespace}/${name}`
    const revision = Number(resourceVersion)
    try {
      await this.#mirror.put(cache, id, object, revision)
    } catch (error) {
      if (!(error instanceof GuardFailedError)) throw fromStorageError(error)
      if (error.current !== undefined) await this.#mirror.reached(error.current.modRevision)
      throw objectModified({ ...resource, name })
    }
  }
}
