import type { Definition } from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import type { Entry } from '../../storage/storage.ts'
import type { MaybePromise } from '../authenticator.ts'
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
import { DefinitionVersions } from './definition-versions.ts'
import type { MetadataTools, VersionSchema } from './version-schema.ts'
import type { Convert } from './webhook-converter.ts'

/** How objects become those of another version, where their definition says by whom. */
export type MakeConverter = (definition: Definition) => Convert

export interface ServingServices {
  /** Absent: no webhook can be called. */
  readonly converter?: MakeConverter | undefined
  readonly context: RestContext
  readonly serve: (resource: Resource) => ServedResource
}

const noWebhooks: Convert = () =>
  Promise.reject(statusError('', 'conversion webhooks cannot be called by this server'))

/**
 * One state of a definition's spec and names, being served: its objects are loaded when somebody first asks for
 * them. Another state of the spec is another serving, and whoever watched this one has to start anew.
 */
export class Serving {
  readonly definition: Definition
  readonly #services: ServingServices
  readonly #isTerminating: () => boolean
  readonly #versions: DefinitionVersions
  readonly #kinds = new Map<VersionSchema, KindDeclaration>()
  readonly #resources = new Map<string, Promise<ServedResource>>()
  readonly #converted: ConvertedCache[] = []
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
    this.#isTerminating = isTerminating
    const byWebhook = definition.spec.conversion?.strategy === 'Webhook'
    const webhook = byWebhook ? (services.converter?.(definition) ?? noWebhooks) : undefined
    this.#versions = new DefinitionVersions(definition, tools, webhook)
  }

  /** Rejects when the objects cannot be loaded; the next call tries again. */
  find(version: string): Promise<ServedResource> {
    const known = this.#resources.get(version)
    if (known !== undefined) return known
    const made = this.#make(this.#versions.schema(version))
    this.#resources.set(version, made)
    made.catch(() => this.#resources.delete(version))
    return made
  }

  /** The objects in the version in which they are stored, served or not. */
  storage(): Promise<ServedResource> {
    return this.find(this.#versions.storage.version.name)
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

  /** Undefined for a version that is not served. */
  schema(version: string): VersionSchema | undefined {
    return this.#served.includes(version) ? this.#versions.schema(version) : undefined
  }

  /** All versions that are served. */
  get kinds(): readonly KindDeclaration[] {
    return this.#served.map((name) => this.#kind(this.#versions.schema(name)))
  }

  /** An object of any version as one of that version. */
  convert(object: KubernetesObject, version: string): MaybePromise<KubernetesObject> {
    const schema = this.#versions.schema(version)
    if (object.apiVersion === schema.apiVersion) return object
    if (!this.#versions.byWebhook) return schema.relabel(object)
    return this.#versions.convert([object], schema).then(([converted = object]) => converted)
  }

  get #served(): readonly string[] {
    return this.definition.spec.versions.flatMap(({ name, served }) => (served ? name : []))
  }

  #kind(schema: VersionSchema): KindDeclaration {
    const known = this.#kinds.get(schema)
    if (known !== undefined) return known
    const made = this.#makeKind(schema)
    this.#kinds.set(schema, made)
    return made
  }

  #makeKind(schema: VersionSchema): KindDeclaration {
    const { storage, byWebhook } = this.#versions
    const kind = customKind(this.definition, schema.version, {
      ...schema.hooks,
      selectableFields: selectableFields(this.definition),
      unselectable: (field) => `field label not supported: ${field}`,
    })
    if (kind.stored === undefined) return kind
    if (byWebhook) {
      const { stored: _stored, ...own } = kind
      return own
    }
    const toStored = (object: KubernetesObject): KubernetesObject => storage.relabel(object)
    const fromStored = (object: KubernetesObject): KubernetesObject => schema.relabel(object)
    return { ...kind, stored: { ...kind.stored, toStored, fromStored } }
  }

  async #make(version: VersionSchema): Promise<ServedResource> {
    const { context, serve } = this.#services
    const kind = this.#kind(version)
    const cache = await this.#load()
    const all = this.#versions
    const isStored = version === all.storage
    if (all.byWebhook && !isStored) return serve(this.#makeConverted(kind, cache, version))
    const layout = isStored ? cache.layout : this.#layout(kind)
    return serve(
      new CustomResource({ kind, cache, context, layout, version, all, isTerminating: this.#isTerminating }),
    )
  }

  /** A version whose objects a webhook makes of the stored ones. */
  #makeConverted(kind: KindDeclaration, source: ResourceCache, version: VersionSchema): CustomResource {
    const { context } = this.#services
    const all = this.#versions
    const layout = this.#layout(kind, (converted) => converted)
    const cache = context.mirror.detachedCache(kind, layout)
    const convert = (objects: readonly KubernetesObject[]) => all.convert(objects, version)
    const converted = new ConvertedCache({ host: context.host, source, target: cache, convert })
    this.#converted.push(converted)
    const isTerminating = this.#isTerminating
    return new ConvertedResource({
      ...{ kind, cache, context, layout, version, all, isTerminating },
      ...{ source, converted },
    })
  }

  #layout(
    kind: KindDeclaration,
    revive = (stored: KubernetesObject): KubernetesObject => this.#versions.revive(stored),
  ): CustomLayout {
    const listKind = this.definition.status?.acceptedNames?.listKind ?? `${kind.kind}List`
    return new CustomLayout(kind, listKind, revive)
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
    const versions = this.#versions
    const { storage } = versions
    const kind = this.#kind(storage)
    const cache = mirror.detachedCache(kind, this.#layout(kind))
    const prepare = (page: readonly Entry[]): Promise<readonly Entry[]> =>
      versions.convertEntries(page, storage, cache.layout)
    await mirror.join(versions.byWebhook ? { cache, prepare } : { cache })
    if (this.#closed) mirror.leave(cache)
    return cache
  }
}
