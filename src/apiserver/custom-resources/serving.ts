import {
  type Definition,
  storageVersionOf,
  versionOf,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'
import type { Resource } from '../rest/resource.ts'
import type { ServedResource } from '../rest/rest-api.ts'
import type { RestContext } from '../rest/rest-context.ts'
import { selectableFields } from './custom-hooks.ts'
import { customKind } from './custom-kind.ts'
import { CustomLayout } from './custom-layout.ts'
import { CustomResource } from './custom-resource.ts'
import { type MetadataTools, VersionSchema } from './version-schema.ts'

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
  readonly #tools: MetadataTools
  readonly #isTerminating: () => boolean
  readonly #schemas = new Map<string, VersionSchema>()
  readonly #resources = new Map<string, Promise<ServedResource>>()
  #cache: Promise<ResourceCache> | undefined
  #closed = false

  constructor(
    definition: Definition,
    services: ServingServices,
    tools: MetadataTools,
    isTerminating: () => boolean,
  ) {
    this.definition = definition
    this.#services = services
    this.#tools = tools
    this.#isTerminating = isTerminating
  }

  /** Rejects when the objects cannot be loaded; the next call tries again. */
  find(version: string): Promise<ServedResource> {
    const known = this.#resources.get(version)
    if (known !== undefined) return known
    const made = this.#make(version)
    this.#resources.set(version, made)
    made.catch(() => this.#resources.delete(version))
    return made
  }

  /** The objects in the version in which they are stored, served or not. */
  storage(): Promise<ServedResource> {
    return this.find(this.#storageName)
  }

  close(): void {
    this.#closed = true
    const { mirror } = this.#services.context
    void this.#cache?.then(
      (cache) => mirror.leave(cache),
      () => {},
    )
  }

  get #storageName(): string {
    return storageVersionOf(this.definition)?.name ?? ''
  }

  #schema(name: string): VersionSchema {
    const known = this.#schemas.get(name)
    if (known !== undefined) return known
    const version = versionOf(this.definition, name)
    if (version === undefined) throw new Error(`${this.definition.metadata?.name} has no version ${name}`)
    const schema = new VersionSchema(this.definition, version, this.#tools)
    this.#schemas.set(name, schema)
    return schema
  }

  #kind(name: string): KindDeclaration {
    const schema = this.#schema(name)
    const storage = this.#schema(this.#storageName)
    const kind = customKind(this.definition, schema.version, {
      ...schema.hooks,
      selectableFields: selectableFields(this.definition),
    })
    if (kind.stored === undefined) return kind
    const toStored = (object: KubernetesObject): KubernetesObject => storage.relabel(object)
    const fromStored = (object: KubernetesObject): KubernetesObject => schema.relabel(object)
    return { ...kind, stored: { ...kind.stored, toStored, fromStored } }
  }

  async #make(name: string): Promise<ServedResource> {
    const { context, serve } = this.#services
    const kind = this.#kind(name)
    const cache = await this.#load()
    const layout = name === this.#storageName ? cache.layout : this.#layout(kind)
    const version = this.#schema(name)
    const isTerminating = this.#isTerminating
    return serve(new CustomResource({ kind, cache, context, layout, version, isTerminating }))
  }

  #layout(kind: KindDeclaration): CustomLayout {
    const listKind = this.definition.status?.acceptedNames?.listKind ?? `${kind.kind}List`
    return new CustomLayout(kind, listKind, (stored) => this.#revive(stored))
  }

  /** What is in the store, in the version in which it is stored today. */
  #revive(stored: KubernetesObject): KubernetesObject {
    const name = stored.apiVersion?.split('/')[1] ?? ''
    const storage = this.#schema(this.#storageName)
    const origin = versionOf(this.definition, name) === undefined ? storage : this.#schema(name)
    return storage.relabel(origin.revive(stored))
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
    const kind = this.#kind(this.#storageName)
    const cache = mirror.detachedCache(kind, this.#layout(kind))
    await mirror.join({ cache })
    if (this.#closed) mirror.leave(cache)
    return cache
  }
}
