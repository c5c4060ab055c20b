import { inGoForm } from '../../api/go-value.ts'
import type { DecodeOptions, FieldValidation } from '../../apimachinery/codec/decode-object.ts'
import type { KindDeclaration, WriteContext } from '../../apimachinery/define-kind.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { CreatedFields } from '../../apimachinery/managed-fields/created-fields.ts'
import { type FieldSet, setOf, union } from '../../apimachinery/managed-fields/field-set.ts'
import type { Fields } from '../../apimachinery/managed-fields/typed.ts'
import type { Versions } from '../../apimachinery/managed-fields/versions.ts'
import type { FieldsV1, KubernetesObject, StringMap } from '../../apimachinery/meta.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import { invalid, type StatusError, type Subject, statusError } from '../../apimachinery/status-error.ts'
import type { Entry } from '../../storage/storage.ts'
import type { MaybePromise } from '../authenticator.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import { apiVersionOf, Layout } from '../cache/layout.ts'
import { RecordMap } from '../cache/record-map.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'
import type { ClaimChange, WriteAllocator } from '../write-allocator.ts'
import { checkWritten } from './checked.ts'
import type { RestContext } from './rest-context.ts'
import type { WriteOptions } from './write-options.ts'

/** Of objects encoded in another version than the stored one. */
const maxConvertedBytes = 8 * 2 ** 20

/** One resource in one version: what all verbs start from. */
export class Resource {
  readonly kind: KindDeclaration
  readonly apiVersion: string
  /** Of the stored kind, which several versions may share. */
  readonly cache: ResourceCache
  readonly context: RestContext
  readonly schema: Schema | undefined
  readonly layout: Layout
  readonly #converted = new RecordMap<Uint8Array>(maxConvertedBytes)
  readonly #allocator: WriteAllocator | undefined
  #empty: KubernetesObject | undefined
  #createdFields: CreatedFields | undefined
  readonly #resets = new Map<string, FieldsV1 | undefined>()

  constructor(kind: KindDeclaration, cache: ResourceCache, context: RestContext, layout?: Layout) {
    this.kind = kind
    this.apiVersion = apiVersionOf(kind)
    this.cache = cache
    this.context = context
    this.layout = layout ?? (kind.stored === undefined ? cache.layout : new Layout(kind))
    this.schema = context.schemas.get(kind.schema)
    this.#allocator = context.allocators.find((allocator) => allocator.handles(kind))
    context.versions.add(this)
  }

  /** An object of which nothing has been said, as Go's zero value of its type shows in JSON. */
  get empty(): KubernetesObject {
    if (this.#empty === undefined) {
      const { kind, schema, context, apiVersion } = this
      const options = { expected: kind, schema, fieldValidation: 'Ignore' } as const
      const header = { kind: kind.kind, apiVersion }
      this.#empty = schema === undefined ? header : context.decoder.accept(header, options).object
    }
    return this.#empty
  }

  /** What is left of an object when it is shown: hooks see empty lists that JSON leaves out. */
  asShown(object: KubernetesObject): KubernetesObject {
    return this.context.decoder.written(object, this.schema, 'json')
  }

  /** What is left of an object once it is stored: upstream's protobuf knows no list or map that is empty. */
  asStored(object: KubernetesObject): KubernetesObject {
    const as = this.kind.storedAsJson === true ? 'json' : 'protobuf'
    return this.context.decoder.written(object, this.schema, as)
  }

  /** Where field management remembers what creators own. */
  get createdFields(): CreatedFields {
    const schema = this.mergeSchema ?? {}
    if (this.#createdFields?.schema !== schema)
      this.#createdFields = new CreatedFields(schema, this.empty as unknown as Fields)
    return this.#createdFields
  }

  /** How bodies are read. */
  decoding(fieldValidation: FieldValidation): DecodeOptions {
    return { expected: this.kind, schema: this.schema, fieldValidation }
  }

  /** What structured merge goes by; undefined for kinds whose fields nobody manages. */
  get mergeSchema(): Schema | undefined {
    return this.schema
  }

  /** True while nobody may create objects, whoever asks: what they are is going away. */
  get refusesCreation(): boolean {
    return false
  }

  /** Whether an object lies in the store otherwise than it would be written today. */
  isOutdated({ id }: CachedObject): MaybePromise<boolean> {
    return this.context.mirror.isOutdated(this.cache, id)
  }

  /** Reads again what nobody could read, of one object or of all; undefined: there is nothing of the sort. */
  retryCorrupt(id: string | undefined): Promise<void> | undefined {
    const { held, context } = this
    return held.corrupt.size === 0 ? undefined : context.mirror.retryCorrupt(held, id)
  }

  /** Everything up to here is in the cache. */
  get revision(): number {
    return this.context.mirror.revision
  }

  /** Resolves when the cache shows all that the mirror has (of one object, if an id is given); undefined: it does. */
  settled(_id?: string): Promise<void> | undefined {
    return undefined
  }

  /** Entries of the store's past as this version's cache would have them; undefined: as they are. */
  past(_entries: readonly Entry[]): Promise<readonly Entry[]> | undefined {
    return undefined
  }

  /**
   * Writes an object of this version that must be at `revision` (0: absent) in the store; gives the record to
   * answer with. Throws what the store throws.
   */
  put(id: string, object: KubernetesObject, revision: number): Promise<CachedObject> {
    const stored = checkWritten(this, this.toStored(object))
    return this.context.mirror.put(this.cache, id, stored, revision, this.#claims(id, stored))
  }

  /** Deletes what is still at the record's revision; gives its last state at the deletion's revision. Throws what the store throws. */
  async remove(record: CachedObject): Promise<CachedObject> {
    const claims = this.#claims(record.id, undefined)
    const revision = await this.context.mirror.remove(this.cache, record.id, record.revision, claims)
    return this.cache.gone(record, revision)
  }

  #claims(id: string, next: KubernetesObject | undefined): ClaimChange | undefined {
    if (this.#allocator === undefined) return undefined
    const record = this.cache.get(id)
    return this.#allocator.claims(next, record === undefined ? undefined : this.cache.object(record))
  }

  subject(name: string): Subject {
    return { group: this.kind.group, resource: this.kind.resource, name }
  }

  /** The answer to an object that validation refuses. Upstream's errors speak of the version that it works with. */
  invalid(name: string, errors: readonly FieldError[]): StatusError {
    const { group, schema } = this.cache.kind
    const { kind, context } = this
    return invalid({ group, kind: kind.kind, name }, inGoForm(errors, context.schemas.get(schema)))
  }

  id(namespace: string, name: string): string {
    return this.kind.namespaced ? `${namespace}/${name}` : name
  }

  /** The cache that is in step with the store: what nobody can read is in no other. */
  get held(): ResourceCache {
    return this.cache
  }

  /** Throws for what the store holds and nobody can read. */
  find(namespace: string, name: string): CachedObject | undefined {
    const id = this.id(namespace, name)
    const record = this.cache.get(id)
    const corrupt = record === undefined ? this.held.corrupt.get(id) : undefined
    if (corrupt !== undefined) throw statusError('', corrupt.why)
    return record
  }

  /** A cached object in this version; shared, never to be changed. */
  read(record: CachedObject): KubernetesObject {
    return this.fromStored(this.cache.object(record))
  }

  /** As `read`, for those who look at many and do not come back; `rawFields` as in DecodedObjects. */
  peek(record: CachedObject, rawFields?: boolean): KubernetesObject {
    return this.fromStored(this.cache.peek(record, rawFields))
  }

  /** Its JSON in this version. */
  bytes(record: CachedObject): Uint8Array {
    if (this.kind.stored === undefined) return record.bytes
    const known = this.#converted.get(record)
    if (known !== undefined) return known
    const bytes = this.layout.store(this.peek(record)).bytes
    const served = this.layout.serve(bytes, 0, record.revision).bytes
    this.#converted.set(record, served, served.length)
    return served
  }

  fromStored(object: KubernetesObject): KubernetesObject {
    return this.kind.stored === undefined ? object : this.kind.stored.fromStored(object)
  }

  toStored(object: KubernetesObject): KubernetesObject {
    return this.kind.stored === undefined ? object : this.kind.stored.toStored(object)
  }

  readonly namespaceLabels = (name: string): StringMap | undefined => {
    const namespaces = this.context.builtIn.get('v1/namespaces')
    const record = namespaces?.find('', name)
    return record === undefined ? undefined : (namespaces?.read(record).metadata?.labels ?? {})
  }

  /** An object that came in, with all that its kind fills in. */
  withDefaults(object: KubernetesObject): KubernetesObject {
    const { kind } = this
    const filled = kind.defaults(object)
    return kind.contextDefaults === undefined ? filled : kind.contextDefaults(filled, this.writeContext(''))
  }

  writeContext(subresource: string): WriteContext {
    const { host, features, verifySignature } = this.context
    const { namespaceLabels } = this
    const context = { nowMs: host.now(), features, subresource, namespaceLabels }
    return verifySignature === undefined ? context : { ...context, verifySignature }
  }

  /** For one write's managers that have written in another version. What it throws, `whenConverted` knows. */
  versionsFor(_write: WriteOptions): Versions {
    return this.versions
  }

  /** All versions of the kind. */
  readonly versions: Versions = {
    schemaOf: (apiVersion) => this.context.versions.get(this.cache, apiVersion)?.mergeSchema,
    convert: (object, from, to) => {
      const [source, target] = [from, to].map((version) => this.context.versions.get(this.cache, version))
      if (source === undefined || target === undefined) return object
      return target.fromStored(source.toStored(object as KubernetesObject)) as Fields
    },
  }

  /** Fields that a write to `subresource` does not take over, so that nobody comes to own them by it. */
  resetFields(subresource: string): FieldsV1 | undefined {
    if (!this.#resets.has(subresource)) this.#resets.set(subresource, resetsOf(this.kind, subresource))
    return this.#resets.get(subresource)
  }
}

function resetsOf(kind: KindDeclaration, subresource: string): FieldsV1 | undefined {
  const declared = kind.resetFields?.[subresource]
  if (declared !== undefined)
    return declared.reduce<FieldSet>((set, path) => union(set, pathSet(path)), undefined)
  if (kind.subresources.status === undefined) return undefined
  if (subresource === '') return pathSet('status')
  return subresource === 'status' ? pathSet('spec') : undefined
}

const pathSet = (path: string): FieldsV1 => setOf(path.split('.').map((name) => `f:${name}`))
