import type { GroupVersionKind } from '../../define-kind.ts'
import { kindOfObject } from '../../kind-of-object.ts'
import type { KubernetesObject, WatchEventType } from '../../meta.ts'
import type { Schemas } from '../../schema.ts'
import { DecodeError } from '../decode-error.ts'
import type { ParsedBody } from '../decode-object.ts'
import { encodeEnvelope, envelopeHead, openEnvelope } from './envelope.ts'
import { type Message, Messages } from './messages.ts'
import { ReverseWriter } from './reverse-writer.ts'

/** The media type of Kubernetes' protobuf. */
export const protobufMediaType = 'application/vnd.kubernetes.protobuf'

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'

/** A list has metadata in field 1 and items in field 2; meta.k8s.io/v1beta1 has it the other way round. */
const metadataField = ({ apiVersion }: KubernetesObject): 1 | 2 =>
  apiVersion === 'meta.k8s.io/v1beta1' ? 2 : 1

/** Kubernetes' protobuf, in and out, for every built-in kind. */
export class ProtobufCodec {
  readonly #messages: Messages
  readonly #schemas: Schemas

  /** `packs` are the generated `protobufPacks`. */
  constructor(packs: Readonly<Record<string, string>>, schemas: Schemas) {
    this.#messages = new Messages(packs)
    this.#schemas = schemas
  }

  /** Whether objects of this kind can be encoded: custom resources cannot. */
  supports(kind: GroupVersionKind): boolean {
    return this.#messageOf(kind) !== undefined
  }

  /** An object, list or Status as a body; undefined if its kind has no protobuf. */
  encode(object: KubernetesObject): Uint8Array<ArrayBuffer> | undefined {
    const message = this.#messageOf(kindOfObject(object))
    return message === undefined ? undefined : encodeEnvelope(this.#messages, message, object)
  }

  /** An object's message without its envelope, for `wrap`; undefined if its kind has no protobuf. */
  encodeMessage(object: KubernetesObject): Uint8Array<ArrayBuffer> | undefined {
    const message = this.#messageOf(kindOfObject(object))
    if (message === undefined) return undefined
    const writer = new ReverseWriter(4096)
    message.write(writer, object)
    return writer.finish()
  }

  /** A body from its message: what `encode` gives. */
  wrap(type: KubernetesObject, message: Uint8Array): Uint8Array<ArrayBuffer> {
    const head = envelopeHead(this.#messages, type, message.length)
    const body = new Uint8Array(head.length + message.length)
    body.set(head)
    body.set(message, head.length)
    return body
  }

  /**
   * How a list's body begins: everything but its items, each of which follows as `listItem` gives it. `itemBytes` is
   * the length of them all.
   */
  listHead(list: KubernetesObject, itemBytes: number): Uint8Array<ArrayBuffer> | undefined {
    const own = this.encodeMessage(list)
    if (own === undefined) return undefined
    own[0] = (metadataField(list) << 3) | 2
    const head = envelopeHead(this.#messages, list, own.length + itemBytes)
    const bytes = new Uint8Array(head.length + own.length)
    bytes.set(head)
    bytes.set(own, head.length)
    return bytes
  }

  /**
   * An item of a list: its message, its length before it. The bytes are those of `writer`, which begins anew with each;
   * undefined if the object's kind has no protobuf.
   */
  listItem(writer: ReverseWriter, object: KubernetesObject): Uint8Array | undefined {
    const message = this.#messageOf(kindOfObject(object))
    if (message === undefined) return undefined
    writer.clear()
    message.write(writer, object)
    writer.varint(writer.length)
    writer.varint(((3 - metadataField(object)) << 3) | 2)
    return writer.written
  }

  /** A body as an object in its JSON form, not yet normalised. Throws DecodeError. */
  decode(bytes: Uint8Array): KubernetesObject {
    const { apiVersion, kind, raw } = openEnvelope(bytes)
    const message = this.#messageOf(kindOfObject({ apiVersion, kind }))
    const value = message?.readAll(raw)
    const type = { ...(apiVersion === '' ? {} : { apiVersion }), ...(kind === '' ? {} : { kind }) }
    return typeof value === 'object' && value !== null ? { ...type, ...value } : type
  }

  /** Reads a request's body. A body that does not say its kind is read as `expected`. Throws DecodeError. */
  parseBody(bytes: Uint8Array, expected: GroupVersionKind): ParsedBody {
    const { apiVersion, kind, raw } = openEnvelope(bytes)
    if (apiVersion !== '' || kind !== '') return { value: this.decode(bytes) }
    const message = this.#messageOf(expected)
    if (message === undefined) throw new DecodeError(`kind ${expected.kind} has no protobuf form`)
    return { value: message.readAll(raw) }
  }

  /**
   * One frame of a watch: four bytes of length, then a `metav1.WatchEvent` around the object's body as `encode`
   * gives it.
   */
  encodeWatchFrame(type: WatchEventType, body: Uint8Array): Uint8Array<ArrayBuffer> {
    const writer = new ReverseWriter(body.length + 64)
    writer.bytes(body)
    writer.varint(writer.length)
    writer.varint(0x0a)
    writer.varint(writer.length)
    writer.varint(0x12)
    const before = writer.length
    writer.text(type)
    writer.varint(writer.length - before)
    writer.varint(0x0a)
    writer.bytes(bigEndian(writer.length))
    return writer.finish()
  }

  #messageOf(kind: GroupVersionKind): Message | undefined {
    if (kind.group === 'meta.k8s.io') return this.#messages.get(meta + kind.kind)
    const name = this.#schemas.ofKind(kind)?.name
    if (name !== undefined) return this.#messages.get(name)
    return kind.kind === 'List' && kind.group === '' ? this.#messages.get(`${meta}List`) : undefined
  }
}

const bigEndian = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
