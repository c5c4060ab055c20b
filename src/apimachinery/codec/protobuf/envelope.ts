import type { KubernetesObject } from '../../meta.ts'
import { DecodeError } from '../decode-error.ts'
import type { Message, Messages } from './messages.ts'
import { Reader } from './reader.ts'
import { ReverseWriter } from './reverse-writer.ts'

/** `k8s` and a zero byte: what every protobuf body of Kubernetes starts with. */
const magic = Uint8Array.of(0x6b, 0x38, 0x73, 0x00)

const unknownType = 'io.k8s.apimachinery.pkg.runtime.Unknown'

/** What `runtime.Unknown` says of the object inside. */
export interface Envelope {
  readonly apiVersion: string
  readonly kind: string
  readonly raw: Reader
}

const startsWithMagic = (bytes: Uint8Array): boolean => magic.every((byte, index) => bytes[index] === byte)

/** Opens a body. Throws DecodeError for one that is not Kubernetes' protobuf. */
export function openEnvelope(bytes: Uint8Array): Envelope {
  if (!startsWithMagic(bytes)) {
    throw new DecodeError(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    )
  }
  const reader = new Reader(bytes, magic.length)
  let apiVersion = ''
  let kind = ''
  let raw = new Reader(new Uint8Array())
  while (!reader.done) {
    const { field, wireType } = reader.key()
    if (field === 1) {
      const type = reader.message()
      while (!type.done) {
        const key = type.key()
        if (key.field === 1) apiVersion = type.text()
        else if (key.field === 2) kind = type.text()
        else type.skip(key.wireType)
      }
    } else if (field === 2) raw = reader.message()
    else reader.skip(wireType)
  }
  return { apiVersion, kind, raw }
}

/** What comes before an object's message of `rawBytes` bytes, so that the message may be written on its own. */
export function envelopeHead(
  messages: Messages,
  type: { readonly apiVersion?: string; readonly kind?: string },
  rawBytes: number,
): Uint8Array<ArrayBuffer> {
  const writer = new ReverseWriter(128)
  writeHead(messages, writer, type, rawBytes)
  return writer.finish()
}

function writeHead(
  messages: Messages,
  writer: ReverseWriter,
  type: { readonly apiVersion?: string; readonly kind?: string },
  rawBytes: number,
): void {
  writer.varint(rawBytes)
  writer.varint(0x12)
  const before = writer.length
  messages.get(unknownType)?.write(writer, {
    typeMeta: { apiVersion: type.apiVersion ?? '', kind: type.kind ?? '' },
  })
  if (writer.length === before) throw new DecodeError('protobuf tables lack runtime.Unknown')
  writer.bytes(magic)
}

/** An object with its envelope: the body of a response. */
export function encodeEnvelope(
  messages: Messages,
  message: Message,
  object: KubernetesObject,
): Uint8Array<ArrayBuffer> {
  const writer = new ReverseWriter(4096)
  message.write(writer, object)
  writeHead(messages, writer, object, writer.length)
  return writer.finish()
}
