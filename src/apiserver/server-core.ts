import { defaultFeatures } from '../api/feature-gates.ts'
import { Conformer } from '../apimachinery/codec/conformer.ts'
import { ObjectDecoder } from '../apimachinery/codec/decode-object.ts'
import type { ProtobufCodec } from '../apimachinery/codec/protobuf/protobuf-codec.ts'
import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { Features } from '../apimachinery/feature-gates.ts'
import type { Schemas } from '../apimachinery/schema.ts'
import { assert } from '../base/assert.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { VerifySignature } from '../base/signature.ts'
import type { Storage } from '../storage/storage.ts'
import type { BodyDecoder } from './body-decoder.ts'
import { CacheReader } from './cache/cache-reader.ts'
import { CacheWriter } from './cache/cache-writer.ts'
import { Mirror } from './cache/mirror.ts'
import type { ResourceCache } from './cache/resource-cache.ts'
import { ServedRegistry } from './discovery/served-registry.ts'
import type { SizeOf } from './flow-control/estimate-work.ts'
import { showCaches } from './metrics/cache-metrics.ts'
import { StoreRequests } from './metrics/store-requests.ts'
import type { ObjectReader } from './object-reader.ts'
import type { ObjectWriter } from './object-writer.ts'
import { type BodyParsers, bodyParsers, readObject } from './rest/body.ts'

/** Counted by their encoded size; a decoded pod takes three to four times as much. */
const decodedBytes = 16 * 2 ** 20
const historyLimits = { maxEvents: 10_240, maxBytes: 16 * 2 ** 20 }

export interface ServerCoreOptions {
  readonly host: Host
  readonly storage: Storage
  readonly logger: Logger
  readonly metrics: Metrics
  /** All kinds that are served; those without `get` among their verbs are not stored. */
  readonly kinds: readonly KindDeclaration[]
  /** Those that some of `kinds` are stored as, in versions that are not served. */
  readonly hiddenKinds?: readonly KindDeclaration[]
  /** The release's defaults when absent. */
  readonly features?: Features
  readonly schemas: Schemas
  readonly protobuf: ProtobufCodec
  /** True: others write to the store, too. */
  readonly sharedStorage?: boolean
  /** Absent: signatures of certificate requests are not looked at. */
  readonly verifySignature?: VerifySignature
  /** Tests: whatever is written must survive JSON, and is frozen deeply. */
  readonly checked?: boolean
}

export const isStored = (kind: KindDeclaration): boolean => kind.verbs.includes('get')

/**
 * The caches and codecs of a server: what authenticators, authorizers and admission plugins are made from before
 * the server is made from them.
 */
export class ServerCore {
  readonly options: ServerCoreOptions
  readonly mirror: Mirror
  readonly reader: ObjectReader
  readonly writer: ObjectWriter
  readonly decoder: ObjectDecoder
  readonly parsers: BodyParsers
  /** Everything that is served, as clients may discover it. */
  readonly served = new ServedRegistry()
  readonly #caches = new Map<string, ResourceCache>()
  /** Of built-in kinds, by `group/resource`. */
  readonly #named: ReadonlyMap<string, ResourceCache>

  constructor(options: ServerCoreOptions) {
    this.options = options
    const { host, storage, logger, kinds, schemas, protobuf } = options
    const shared = options.sharedStorage ?? false
    const requests = new StoreRequests(host, options.metrics)
    const history = historyLimits
    this.mirror = new Mirror({ host, storage, logger, requests, decodedBytes, history, shared })
    showCaches(options.metrics, this.mirror)
    for (const kind of [...kinds, ...(options.hiddenKinds ?? [])])
      if (isStored(kind) && kind.stored === undefined)
        this.#caches.set(kind.storagePrefix, this.mirror.register(kind))
    this.#named = new Map(
      [...this.#caches.values()].map((cache) => {
        const { group, resource } = cache.kind
        return [group === '' ? resource : `${group}/${resource}`, cache]
      }),
    )
    this.reader = new CacheReader([...this.#caches.values()])
    this.writer = new CacheWriter(this.mirror, ({ group, resource }) =>
      [...this.#caches.values()].find(({ kind }) => kind.group === group && kind.resource === resource),
    )
    this.decoder = new ObjectDecoder(schemas, new Conformer(schemas))
    this.parsers = bodyParsers(protobuf, options.features ?? defaultFeatures)
  }

  /** Reads a request's body as an object of any kind. */
  readonly decodeBody: BodyDecoder = (request, expected, schema) =>
    readObject(this, request, expected, this.options.schemas.get(schema), 'Warn')

  /** How much there is of a resource; undefined for what is not stored here. */
  readonly sizeOf: SizeOf = (group, resource) => {
    const name = group === '' ? resource : `${group}/${resource}`
    const cache = this.#named.get(name) ?? this.mirror.cacheBelow(name)
    return cache === undefined ? undefined : { objects: cache.size, bytes: cache.bytes }
  }

  /** Where a stored kind's objects are, whichever version it is declared in. */
  cacheOf(kind: KindDeclaration): ResourceCache {
    const cache = this.#caches.get(kind.storagePrefix)
    assert(cache !== undefined, `nobody declares what is stored below ${kind.storagePrefix}`)
    return cache
  }
}
