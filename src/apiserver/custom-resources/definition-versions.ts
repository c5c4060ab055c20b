import {
  type Definition,
  storageVersionOf,
  versionOf,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { Fields } from '../../apimachinery/managed-fields/typed.ts'
import type { Versions } from '../../apimachinery/managed-fields/versions.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { jsonText } from '../../base/json-text.ts'
import type { Entry } from '../../storage/storage.ts'
import { mayBeObject } from '../cache/corrupt-objects.ts'
import type { Layout } from '../cache/layout.ts'
import { ConversionNeeded } from '../rest/when-converted.ts'
import { type MetadataTools, VersionSchema } from './version-schema.ts'
import type { Convert } from './webhook-converter.ts'

const encoder = new TextEncoder()

/** All versions of one state of a definition, and its objects of one version as those of another. */
export class DefinitionVersions {
  readonly definition: Definition
  readonly #tools: MetadataTools
  readonly #schemas = new Map<string, VersionSchema>()
  readonly #webhook: Convert | undefined

  /** `webhook`: who converts; absent: all versions have the same fields. */
  constructor(definition: Definition, tools: MetadataTools, webhook: Convert | undefined) {
    this.definition = definition
    this.#tools = tools
    this.#webhook = webhook
  }

  get byWebhook(): boolean {
    return this.#webhook !== undefined
  }

  get storage(): VersionSchema {
    return this.schema(storageVersionOf(this.definition)?.name ?? '')
  }

  schema(name: string): VersionSchema {
    const known = this.#schemas.get(name)
    if (known !== undefined) return known
    const version = versionOf(this.definition, name)
    if (version === undefined) throw new Error(`${this.definition.metadata?.name} has no version ${name}`)
    const schema = new VersionSchema(this.definition, version, this.#tools)
    this.#schemas.set(name, schema)
    return schema
  }

  /** Undefined for a version that the definition does not have (any more). */
  find(apiVersion = ''): VersionSchema | undefined {
    const [group, name = ''] = apiVersion.split('/')
    if (group !== this.definition.spec.group || versionOf(this.definition, name) === undefined)
      return undefined
    return this.schema(name)
  }

  #isOfGroup({ apiVersion = '' }: KubernetesObject): boolean {
    return apiVersion.startsWith(`${this.definition.spec.group}/`)
  }

  /** What is in the store, in the version in which it is stored today, unless a webhook has to make that of it. Throws for what is of another group. */
  revive(stored: KubernetesObject): KubernetesObject {
    if (!this.#isOfGroup(stored))
      throw new Error(`${stored.apiVersion} is no version of ${this.definition.metadata?.name}`)
    const { storage } = this
    return storage.relabel((this.find(stored.apiVersion) ?? storage).revive(stored))
  }

  /** Objects in a version, those that are in another one by the webhook. */
  async convert(
    objects: readonly KubernetesObject[],
    to: VersionSchema,
  ): Promise<readonly KubernetesObject[]> {
    const others = objects.filter(({ apiVersion }) => apiVersion !== to.apiVersion)
    if (others.length === 0 || this.#webhook === undefined) return objects
    const converted = await this.#webhook(others, to.apiVersion)
    const made = new Map(others.map((object, index) => [object, to.conform(converted[index] ?? object)]))
    return objects.map((object) => made.get(object) ?? object)
  }

  /** Entries of the store in a version; those that are in it already are as they were. */
  async convertEntries(
    entries: readonly Entry[],
    to: VersionSchema,
    layout: Layout,
  ): Promise<readonly Entry[]> {
    const objects = entries.map(({ value }) => this.#parsed(value, layout))
    const revived = objects.flatMap((object) => (object === undefined ? [] : this.#revivedIn(object, to)))
    const converted = (await this.convert(revived, to)).values()
    return entries.map((entry, index) => {
      const object = objects[index]
      if (object === undefined) return entry
      const made = converted.next().value
      return made === object ? entry : { ...entry, value: encoder.encode(jsonText(made)) }
    })
  }

  #revivedIn(object: KubernetesObject, to: VersionSchema): KubernetesObject {
    return object.apiVersion === to.apiVersion
      ? object
      : (this.find(object.apiVersion)?.revive(object) ?? object)
  }

  /** Undefined for what is none of its objects: the cache tells of it. */
  #parsed(value: Uint8Array, layout: Layout): KubernetesObject | undefined {
    try {
      if (!mayBeObject(value)) return undefined
      const object = layout.parse(value)
      return this.#isOfGroup(object) ? object : undefined
    } catch {
      return undefined
    }
  }

  /** For one write's field management. What a webhook has to make first is thrown as ConversionNeeded. */
  managed(): Versions {
    const made = new Map<string, Fields>()
    const convertFirst = (object: Fields, to: VersionSchema): Fields => {
      const key = `${to.apiVersion} ${jsonText(object)}`
      const known = made.get(key)
      if (known !== undefined) return known
      throw new ConversionNeeded(async () => {
        const [converted = {}] = await this.convert([object as KubernetesObject], to)
        made.set(key, converted as unknown as Fields)
      })
    }
    return {
      schemaOf: (apiVersion) => this.find(apiVersion)?.merge,
      convert: (object, _from, apiVersion) => {
        const to = this.find(apiVersion)
        if (to === undefined) return object
        // As upstream: nobody is asked about nothing.
        const isEmpty = object['metadata'] === undefined
        if (this.byWebhook && !isEmpty) return convertFirst(object, to)
        return to.relabel(object as KubernetesObject) as unknown as Fields
      },
    }
  }
}
