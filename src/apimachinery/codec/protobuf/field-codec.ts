import { decodeBase64, encodeBase64 } from '../../../base/base64.ts'
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

export const scalarCodecs: Readonly<Record<string, FieldCodec>> = {
  string: {
    wireType: 2,
    write: (writer, value) => writer.text(typeof value === 'string' ? value : String(value)),
    read: (reader) => reader.text(),
  },
  bytes: {
    wireType: 2,
    write: (writer, value) => writer.bytes(decodeBase64(typeof value === 'string' ? value : '')),
    read: (reader) => encodeBase64(reader.bytes()),
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
