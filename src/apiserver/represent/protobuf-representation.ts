import type { ProtobufCodec } from '../../apimachinery/codec/protobuf/protobuf-codec.ts'
import type { KubernetesObject, ListMeta, Status } from '../../apimachinery/meta.ts'
import { assert } from '../../base/assert.ts'
import { ByteBoundedMap } from '../cache/byte-bounded-map.ts'
import type { CacheEvent, ChangeType } from '../cache/cache-event.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { Resource } from '../rest/resource.ts'
import { bookmarkMetadata } from './json-text.ts'
import type { Representation, StreamRepresentation } from './representation.ts'

const maxRememberedBytes = 16 * 2 ** 20

/** Kubernetes' protobuf, made when asked for. `transform` and `kind` differ where only metadata is wanted. */
export class ProtobufRepresentation implements Representation, StreamRepresentation {
  readonly stream = this
  readonly contentType = 'application/vnd.kubernetes.protobuf'
  readonly streamType = 'application/vnd.kubernetes.protobuf;stream=watch'
  readonly #codec: ProtobufCodec
  readonly #resource: Resource
  readonly #type: { readonly kind: string; readonly apiVersion: string }
  readonly #transform: (object: KubernetesObject) => KubernetesObject
  readonly #known = new ByteBoundedMap<CachedObject, Uint8Array>(maxRememberedBytes)

  constructor(
    codec: ProtobufCodec,
    resource: Resource,
    type: { readonly kind: string; readonly apiVersion: string },
    transform: (object: KubernetesObject) => KubernetesObject,
  ) {
    this.#codec = codec
    this.#resource = resource
    this.#type = type
    this.#transform = transform
  }

  #encode(object: KubernetesObject): Uint8Array {
    const bytes = this.#codec.encode(object)
    assert(bytes !== undefined, `${object.kind} is to be encoded as protobuf, but has none`)
    return bytes
  }

  one(record: CachedObject): Uint8Array {
    const known = this.#known.get(record)
    if (known !== undefined) return known
    const bytes = this.#encode(this.#transform(this.#resource.peek(record)))
    this.#known.set(record, bytes, bytes.length)
    return bytes
  }

  object(object: object): Uint8Array {
    const own: KubernetesObject = object
    return this.#encode(own.kind === this.#resource.kind.kind ? this.#transform(own) : own)
  }

  *list(records: readonly CachedObject[], metadata: ListMeta): Iterable<Uint8Array> {
    const items = records.map((record) => this.#transform(this.#resource.peek(record)))
    const list = { ...this.#type, kind: `${this.#type.kind}List`, metadata, items }
    yield this.#encode(list)
  }

  encode(event: CacheEvent, type: ChangeType): Uint8Array {
    return this.#codec.encodeWatchFrame(type, this.one(event.subject(type)))
  }

  bookmark(revision: number, initialEventsEnd: boolean): Uint8Array {
    const object = { ...this.#type, metadata: bookmarkMetadata(revision, initialEventsEnd) }
    return this.#codec.encodeWatchFrame('BOOKMARK', this.#encode(object))
  }

  error(status: Status): Uint8Array {
    return this.#codec.encodeWatchFrame('ERROR', this.#encode({ ...status, metadata: {} }))
  }
}
