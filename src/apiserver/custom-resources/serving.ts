import {
  type Definition,
  storageVersionOf,
  versionOf,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { Layout } from '../cache/layout.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'
import type { Resource } from '../rest/resource.ts'
import type { ServedResource } from '../rest/rest-api.ts'
import type { RestContext } from '../rest/rest-context.ts'
import { customKind } from './custom-kind.ts'
import { CustomResource } from './custom-resource.ts'

export interface ServingServices {
  readonly context: RestContext
  readonly serve: (resource: Resource) => ServedResource
}

/**
 * One state of a definition's spec and names, being served: its objects are loaded when somebody first asks for
 * them. Another state of the spec is another serving, and whoever watched this one has to start anew.
 */
export class Serving {
  readonly definition: Definition
  readonly #services: ServingServices
  readonly #versions = new Map<string, Promise<ServedResource>>()
  #cache: Promise<ResourceCache> | undefined
  #closed = false

  constructor(definition: Definition, services: ServingServices) {
    this.definition = definition
    this.#services = services
  }

  /** Rejects when the objects cannot be loaded; the next call tries again. */
  find(version: string): Promise<ServedResource> {
    const known = this.#versions.get(version)
    if (known !== undefined) return known
    const made = this.#make(version)
    this.#versions.set(version, made)
    made.catch(() => this.#versions.delete(version))
    return made
  }

  /** The objects in the version in which they are stored, served or not. */
  storage(): Promise<ServedResource> {
    return this.find(storageVersionOf(this.definition)?.name ?? '')
  }

  close(): void {
    this.#closed = true
    const { mirror } = this.#services.context
    void this.#cache?.then(
      (cache) => mirror.leave(cache),
      () => {},
    )
  }

  async #make(version: string): Promise<ServedResource> {
    const { context, serve } = this.#services
    const kind = this.#kind(version)
    const cache = await this.#load()
    return serve(new CustomResource(kind, cache, context))
  }

  #kind(version: string): KindDeclaration {
    const found = versionOf(this.definition, version)
    if (found === undefined) throw new Error(`${this.definition.metadata?.name} has no version ${version}`)
    return customKind(this.definition, found)
  }

  #load(): Promise<ResourceCache> {
    this.#cache ??= this.#join().catch((error: unknown) => {
      this.#cache = undefined
      throw error
    })
    return this.#cache
  }

  async #join(): Promise<ResourceCache> {
    const { mirror } = this.#services.context
    const kind = this.#kind(storageVersionOf(this.definition)?.name ?? '')
    const listKind = this.definition.status?.acceptedNames?.listKind ?? `${kind.kind}List`
    const cache = mirror.detachedCache(kind, new Layout(kind, { kind: listKind }))
    await mirror.join({ cache })
    if (this.#closed) mirror.leave(cache)
    return cache
  }
}
