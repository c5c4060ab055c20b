import { goJson } from '../../go-text.ts'
import { formatTime, parseTime } from '../../time.ts'
import { parseJson } from '../json-parse.ts'
import { resolveNumbers } from '../number-literal.ts'
import { RawJson } from '../raw-json.ts'
import type { FieldCodec } from './field-codec.ts'
import type { Reader } from './reader.ts'
import type { ReverseWriter } from './reverse-writer.ts'

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'

/** Calls `field` for each field of the next message; one that it does not take is skipped. */
function readFields(outer: Reader, field: (number: number, reader: Reader) => boolean): void {
  const reader = outer.message()
  while (!reader.done) {
    const key = reader.key()
    if (!field(key.field, reader)) reader.skip(key.wireType)
  }
}

/** `{seconds, nanos}`. Go's zero time is the empty message, and null in JSON. */
function timeCodec(withMicros: boolean): FieldCodec {
  return {
    wireType: 2,
    write(writer, value) {
      const ms = parseTime(typeof value === 'string' ? value : '')
      if (ms === undefined) return
      const seconds = Math.floor(ms / 1000)
      // The milliseconds' fraction is not exact, microseconds are.
      const nanos = withMicros ? Math.round((ms - seconds * 1000) * 1000) * 1000 : 0
      writer.int64(nanos)
      writer.varint(0x10)
      writer.int64(seconds)
      writer.varint(0x08)
    },
    read(outer) {
      let seconds: number | undefined
      let nanos = 0
      readFields(outer, (field, reader) => {
        if (field === 1) seconds = reader.int64()
        else if (field === 2) nanos = reader.int32()
        else return false
        return true
      })
      if (seconds === undefined) return undefined
      return withMicros
        ? `${formatTime(seconds * 1000).slice(0, 19)}.${String(Math.trunc(nanos / 1000)).padStart(6, '0')}Z`
        : formatTime(seconds * 1000)
    },
  }
}

function writeText(writer: ReverseWriter, key: number, text: string): void {
  const before = writer.length
  writer.text(text)
  writer.varint(writer.length - before)
  writer.varint(key)
}

const quantityCodec: FieldCodec = {
  wireType: 2,
  write: (writer, value) => writeText(writer, 0x0a, String(value)),
  read(outer) {
    let text = '0'
    readFields(outer, (field, reader) => {
      if (field !== 1) return false
      text = reader.text()
      return true
    })
    return text
  },
}

const intOrStringCodec: FieldCodec = {
  wireType: 2,
  write(writer, value) {
    const isText = typeof value === 'string'
    writeText(writer, 0x1a, isText ? value : '')
    writer.int64(isText ? 0 : Number(value))
    writer.varint(0x10)
    writer.varint(isText ? 1 : 0)
    writer.varint(0x08)
  },
  read(outer) {
    let type = 0
    let number = 0
    let text = ''
    readFields(outer, (field, reader) => {
      if (field === 1) type = reader.int64()
      else if (field === 2) number = reader.int32()
      else if (field === 3) text = reader.text()
      else return false
      return true
    })
    return type === 1 ? text : number
  },
}

/** A message whose field 1 holds JSON as it is. */
const rawJsonCodec = (toJson: (value: unknown) => string): FieldCodec => ({
  wireType: 2,
  write(writer, value) {
    if (!(value instanceof RawJson)) return writeText(writer, 0x0a, toJson(value))
    writer.bytes(value.bytes)
    writer.varint(value.bytes.length)
    writer.varint(0x0a)
  },
  read(outer) {
    let text = ''
    readFields(outer, (field, reader) => {
      if (field !== 1) return false
      text = reader.text()
      return true
    })
    return text === '' ? undefined : resolveNumbers(parseJson(text).value)
  },
})
/** With Go's escapes, which its clients' own JSON has: they compare the bytes. */
const escapedJsonCodec = rawJsonCodec(goJson)

/** A message of `items`, which JSON has as the list itself. */
const listCodec: FieldCodec = {
  wireType: 2,
  write(writer, value) {
    if (!Array.isArray(value)) return
    for (let index = value.length - 1; index >= 0; index--) writeText(writer, 0x0a, String(value[index]))
  },
  read(outer) {
    const items: string[] = []
    readFields(outer, (field, reader) => {
      if (field !== 1) return false
      items.push(reader.text())
      return true
    })
    return items
  },
}

/** Messages whose JSON is something else than an object of their fields, by OpenAPI name. */
export const specialCodecs: Readonly<Record<string, FieldCodec>> = {
  [`${meta}Time`]: timeCodec(false),
  [`${meta}MicroTime`]: timeCodec(true),
  'io.k8s.apimachinery.pkg.api.resource.Quantity': quantityCodec,
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': intOrStringCodec,
  'io.k8s.apimachinery.pkg.runtime.RawExtension': escapedJsonCodec,
  [`${meta}FieldsV1`]: rawJsonCodec(JSON.stringify),
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': escapedJsonCodec,
  [`${meta}Verbs`]: listCodec,
  'io.k8s.api.authentication.v1.ExtraValue': listCodec,
  'io.k8s.api.authorization.v1.ExtraValue': listCodec,
  'io.k8s.api.certificates.v1.ExtraValue': listCodec,
}
