import type { Reader } from './reader.ts'
import type { ReverseWriter } from './reverse-writer.ts'

/** How values of one protobuf type are written and read; values are in their JSON form. */
export interface FieldCodec {
  /** 0 varint, 1 eight bytes, 2 length and bytes. */
  readonly wireType: 0 | 1 | 2
  /** Writes the value, without its length. The value has been checked: it came through decoding or validation. */
  write(writer: ReverseWriter, value: unknown): void
  /** Reads a value, with its length. undefined means absent. */
  read(reader: Reader): unknown
}

/** Writes a key and, where the type has one, the length of what was written since `before`. */
export function writeHead(writer: ReverseWriter, number: number, codec: FieldCodec, before: number): void {
  if (codec.wireType === 2) writer.varint(writer.length - before)
  writer.varint(((number << 3) | codec.wireType) >>> 0)
}

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : Number(value))
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Canonical base64 → bytes. */
export function fromBase64(text: string): Uint8Array {
  const binary = atob(text)
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

export function toBase64(bytes: Uint8Array): string {
  let text = ''
  let index = 0
  for (; index + 2 < bytes.length; index += 3) {
    const bits = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0)
    text += alphabet.charAt(bits >>> 18) + alphabet.charAt((bits >>> 12) & 63)
    text += alphabet.charAt((bits >>> 6) & 63) + alphabet.charAt(bits & 63)
  }
  const left = bytes.length - index
  if (left === 0) return text
  const bits = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8)
  text += alphabet.charAt(bits >>> 18) + alphabet.charAt((bits >>> 12) & 63)
  return text + (left === 1 ? '==' : `${alphabet.charAt((bits >>> 6) & 63)}=`)
}

export const scalarCodecs: Readonly<Record<string, FieldCodec>> = {
  string: {
    wireType: 2,
    write: (writer, value) => writer.text(typeof value === 'string' ? value : String(value)),
    read: (reader) => reader.text(),
  },
  bytes: {
    wireType: 2,
    write: (writer, value) => writer.bytes(fromBase64(typeof value === 'string' ? value : '')),
    read: (reader) => toBase64(reader.bytes()),
  },
  int32: {
    wireType: 0,
    write: (writer, value) => writer.int64(numberOf(value)),
    read: (reader) => reader.int32(),
  },
  int64: {
    wireType: 0,
    write: (writer, value) => writer.int64(numberOf(value)),
    read: (reader) => reader.int64(),
  },
  bool: {
    wireType: 0,
    write: (writer, value) => writer.varint(value === true ? 1 : 0),
    read: (reader) => reader.varint() !== 0,
  },
  double: {
    wireType: 1,
    write: (writer, value) => writer.double(numberOf(value)),
    read: (reader) => reader.double(),
  },
}
