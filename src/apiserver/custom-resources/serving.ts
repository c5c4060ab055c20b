import {
  type Definition,
  storageVersionOf,
  versionOf,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { expired, statusError } from '../../apimachinery/status-error.ts'
import { jsonText } from '../../base/json-text.ts'
import type { Entry } from '../../storage/storage.ts'
import type { Layout } from '../cache/layout.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'
import type { Resource } from '../rest/resource.ts'
import type { ServedResource } from '../rest/rest-api.ts'
import type { RestContext } from '../rest/rest-context.ts'
import { ConvertedCache } from './converted-cache.ts'
import { ConvertedResource } from './converted-resource.ts'
import { selectableFields } from './custom-hooks.ts'
import { customKind } from './custom-kind.ts'
import { CustomLayout } from './custom-layout.ts'
import { CustomResource } from './custom-resource.ts'
import { type MetadataTools, VersionSchema } from './version-schema.ts'
import type { Convert } from './webhook-converter.ts'

/** How objects become those of another version, where their definition says by whom. */
export type MakeConverter = (definition: Definition) => Convert

export interface ServingServices {
  /** Absent: no webhook can be called. */
  readonly converter?: MakeConverter | undefined
  readonly context: RestContext
  readonly serve: (resource: Resource) => ServedResource
}

const encoder = new TextEncoder()

const noWebhooks: Convert = () =>
  Promise.reject(statusError('', 'conversion webhooks cannot be called by this server'))

/** The past of objects that a webhook converts is not converted: whoever wants it starts anew. */
const forgotten = (): never => {
  throw expired('the past of objects that a webhook converts is not kept')
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
  readonly #converted: ConvertedCache[] = []
  readonly #convert: Convert | undefined
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
    const byWebhook = definition.spec.conversion?.strategy === 'Webhook'
    this.#convert = byWebhook ? (services.converter?.(definition) ?? noWebhooks) : undefined
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
    for (const converted of this.#converted) converted.close()
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
    if (this.#convert !== undefined) {
      const { stored: _stored, ...own } = kind
      return own
    }
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
    if (this.#convert !== undefined && name !== this.#storageName)
      return serve(this.#makeConverted(kind, cache, version, this.#convert))
    return serve(new CustomResource({ kind, cache, context, layout, version, isTerminating }))
  }

  /** A version whose objects a webhook makes of the stored ones. */
  #makeConverted(
    kind: KindDeclaration,
    source: ResourceCache,
    version: VersionSchema,
    convert: Convert,
  ): CustomResource {
    const { context } = this.#services
    const storage = this.#schema(this.#storageName)
    const fit =
      (schema: VersionSchema) =>
      async (objects: readonly KubernetesObject[]): Promise<readonly KubernetesObject[]> => {
        const converted = await convert(objects, schema.apiVersion)
        return converted.map((object) => schema.fit(object))
      }
    const target = context.mirror.detachedCache(kind, this.#layout(kind, forgotten))
    const cache = new ConvertedCache({ host: context.host, source, target, convert: fit(version) })
    this.#converted.push(cache)
    const parts = { kind, cache: target, context, layout: target.layout, version }
    const isTerminating = this.#isTerminating
    return new ConvertedResource({
      ...parts,
      isTerminating,
      source,
      converted: cache,
      toStorage: fit(storage),
    })
  }

  #layout(kind: KindDeclaration, revive?: (stored: KubernetesObject) => KubernetesObject): CustomLayout {
    const listKind = this.definition.status?.acceptedNames?.listKind ?? `${kind.kind}List`
    return new CustomLayout(kind, listKind, revive ?? ((stored) => this.#revive(stored)))
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
    const convert = this.#convert
    await mirror.join(
      convert === undefined
        ? { cache }
        : { cache, prepare: (page) => this.#update(page, cache.layout, convert) },
    )
    if (this.#closed) mirror.leave(cache)
    return cache
  }

  /** What was stored in another version than today's, converted. */
  async #update(page: readonly Entry[], layout: Layout, convert: Convert): Promise<readonly Entry[]> {
    const { apiVersion } = this.#schema(this.#storageName)
    const objects = page.map(({ value }) => layout.parse(value))
    const old = objects.filter((object) => object.apiVersion !== apiVersion)
    if (old.length === 0) return page
    const converted = await convert(old, apiVersion)
    const byObject = new Map(old.map((object, index) => [object, converted[index]]))
    return page.map((entry, index) => {
      const object = objects[index]
      const next = object === undefined ? undefined : byObject.get(object)
      return next === undefined ? entry : { ...entry, value: encoder.encode(jsonText(next)) }
    })
  }
}
