import type { ProtobufCodec } from '../../apimachinery/codec/protobuf/protobuf-codec.ts'
import { ReverseWriter } from '../../apimachinery/codec/protobuf/reverse-writer.ts'
import type { KubernetesObject, ListMeta, Status } from '../../apimachinery/meta.ts'
import { assert } from '../../base/assert.ts'
import type { CacheEvent, ChangeType } from '../cache/cache-event.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import { RecordMap } from '../cache/record-map.ts'
import type { Resource } from '../rest/resource.ts'
import { Blocks } from './blocks.ts'
import { bookmarkMetadata } from './json-text.ts'
import { type ListSource, PieceSource } from './list-source.ts'
import type { Representation, StreamRepresentation } from './representation.ts'

const maxRememberedBytes = 16 * 2 ** 20
/** Enough for most objects; it grows with larger ones. */
const writerBytes = 32 * 1024
const sliceMs = 5

/** Kubernetes' protobuf, made when asked for. `transform` and `kind` differ where only metadata is wanted. */
export class ProtobufRepresentation implements Representation, StreamRepresentation {
  readonly stream = this
  readonly contentType = 'application/vnd.kubernetes.protobuf'
  readonly streamType = 'application/vnd.kubernetes.protobuf;stream=watch'
  readonly #codec: ProtobufCodec
  readonly #resource: Resource
  readonly #type: { readonly kind: string; readonly apiVersion: string }
  readonly #transform: (object: KubernetesObject) => KubernetesObject
  readonly #known = new RecordMap<Uint8Array>(maxRememberedBytes)

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
    return this.#present(this.#codec.encode(object), object)
  }

  #present(bytes: Uint8Array | undefined, { kind }: KubernetesObject): Uint8Array {
    assert(bytes !== undefined, `${kind} is to be encoded as protobuf, but has none`)
    return bytes
  }

  #message(record: CachedObject): Uint8Array {
    const known = this.#known.get(record)
    if (known !== undefined) return known
    const object = this.#transform(this.#resource.peek(record, true))
    const message = this.#present(this.#codec.encodeMessage(object), object)
    this.#known.set(record, message, message.length)
    return message
  }

  one(record: CachedObject): Uint8Array {
    return this.#codec.wrap(this.#type, this.#message(record))
  }

  object(object: object): Uint8Array {
    const own: KubernetesObject = object
    return this.#encode(own.kind === this.#resource.kind.kind ? this.#transform(own) : own)
  }

  /** The length comes first, so all items are encoded before any is sent; each block is let go when it has been. */
  async list(records: readonly CachedObject[], metadata: ListMeta): Promise<ListSource> {
    const { host } = this.#resource.context
    const writer = new ReverseWriter(writerBytes)
    const blocks = new Blocks()
    let sliceStartMs = host.monotonicMs()
    for (const record of records) {
      const object = this.#transform(this.#resource.peek(record, true))
      blocks.add(this.#present(this.#codec.listItem(writer, object), object))
      if (host.monotonicMs() - sliceStartMs < sliceMs) continue
      await host.nextTurn()
      sliceStartMs = host.monotonicMs()
    }
    const list: KubernetesObject = { ...this.#type, kind: `${this.#type.kind}List`, metadata }
    const head = this.#present(this.#codec.listHead(list, blocks.bytes), list)
    return new PieceSource(blocks.taken(head))
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
