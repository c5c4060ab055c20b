import type { ResourceCache } from '../cache/resource-cache.ts'
import type { Resource } from './resource.ts'

/** All versions of each stored kind, by the cache that they share. One for a server. */
export class ResourceVersions {
  readonly #known = new WeakMap<ResourceCache, Map<string, Resource>>()

  add(resource: Resource): void {
    const versions = this.#known.get(resource.cache) ?? new Map<string, Resource>()
    versions.set(resource.apiVersion, resource)
    this.#known.set(resource.cache, versions)
  }

  get(cache: ResourceCache, apiVersion: string): Resource | undefined {
    return this.#known.get(cache)?.get(apiVersion)
  }
}
