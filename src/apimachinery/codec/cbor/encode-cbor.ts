import { decodeBase64 } from '../../../base/base64.ts'
import type { Schema } from '../../schema.ts'
import { NumberLiteral } from '../number-literal.ts'
import { major, selfDescribed, tags } from './cbor-head.ts'

const encoder = new TextEncoder()
const wide = 2 ** 32

/** Keys of objects repeat: their bytes are remembered, up to that many. */
const maxKeys = 4096

/** What an object's members look like, by name. */
const memberSchema = (schema: Schema | undefined, name: string): Schema | undefined => {
  const { properties, additionalProperties } = schema ?? {}
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name]
  return additionalProperties === true ? undefined : additionalProperties
}

/** The 16 bits of a number that needs no more (IEEE 754 binary16); undefined for others. */
function halfBits(value: number): number | undefined {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size === 0) return sign
  const exponent = Math.max(Math.floor(Math.log2(size)), -14)
  if (exponent > 15) return undefined
  const fraction = size * 2 ** (10 - exponent)
  if (!Number.isInteger(fraction) || fraction >= 2048) return undefined
  return sign | (fraction < 1024 ? fraction : ((exponent + 15) << 10) | (fraction - 1024))
}

/** Writes values in their JSON form as Kubernetes' CBOR. One for a server. */
export class CborEncoder {
  readonly #keys = new Map<string, Uint8Array>()
  #bytes = new Uint8Array(4096)
  #view = new DataView(this.#bytes.buffer)
  #at = 0

  /** A document. `schema` tells bytes from texts. */
  encode(value: unknown, schema?: Schema): Uint8Array<ArrayBuffer> {
    this.#raw(selfDescribed)
    return this.item(value, schema)
  }

  /** A value within a document. */
  item(value: unknown, schema?: Schema): Uint8Array<ArrayBuffer> {
    this.#value(value, schema)
    return this.#taken()
  }

  /** How a list begins: what it says itself, then a member of `count` items, each of which follows as `item` gives it. */
  listHead(list: object, member: string, count: number): Uint8Array<ArrayBuffer> {
    const entries = Object.entries(list)
    this.#raw(selfDescribed)
    this.#head(major.map, entries.length + 1)
    for (const [name, value] of entries) {
      this.#key(name)
      this.#value(value, undefined)
    }
    this.#key(member)
    this.#head(major.array, count)
    return this.#taken()
  }

  /** One event of a watch, around a document of its own. */
  event(type: unknown, object: unknown, schema: Schema | undefined): Uint8Array<ArrayBuffer> {
    this.#raw(selfDescribed)
    this.#head(major.map, 2)
    this.#key('type')
    this.#value(type, undefined)
    this.#key('object')
    this.#raw(selfDescribed)
    return this.item(object, schema)
  }

  #taken(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.#at)
    this.#at = 0
    return bytes
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + size))
    bytes.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  #head(type: number, count: number): void {
    this.#reserve(9)
    const view = this.#view
    const first = type << 5
    if (count < 24) view.setUint8(this.#at++, first | count)
    else if (count < 0x100) {
      view.setUint16(this.#at, ((first | 24) << 8) | count)
      this.#at += 2
    } else if (count < 0x1_0000) {
      view.setUint8(this.#at, first | 25)
      view.setUint16(this.#at + 1, count)
      this.#at += 3
    } else if (count < wide) {
      view.setUint8(this.#at, first | 26)
      view.setUint32(this.#at + 1, count)
      this.#at += 5
    } else this.#wideHead(type, BigInt(count))
  }

  #wideHead(type: number, count: bigint): void {
    this.#reserve(9)
    this.#view.setUint8(this.#at, (type << 5) | 27)
    this.#view.setBigUint64(this.#at + 1, count)
    this.#at += 9
  }

  #text(text: string): void {
    const bytes = encoder.encode(text)
    this.#head(major.bytes, bytes.length)
    this.#raw(bytes)
  }

  #key(name: string): void {
    const known = this.#keys.get(name)
    if (known !== undefined) {
      this.#raw(known)
      return
    }
    const start = this.#at
    this.#text(name)
    if (this.#keys.size < maxKeys) this.#keys.set(name, this.#bytes.slice(start, this.#at))
  }

  #integer(value: bigint): void {
    const type = value < 0n ? major.negative : major.unsigned
    const count = value < 0n ? -1n - value : value
    if (count < BigInt(wide)) this.#head(type, Number(count))
    else this.#wideHead(type, count)
  }

  #float(value: number): void {
    this.#reserve(9)
    const view = this.#view
    const half = halfBits(value)
    if (half !== undefined) {
      view.setUint8(this.#at, 0xf9)
      view.setUint16(this.#at + 1, half)
      this.#at += 3
    } else if (Math.fround(value) === value) {
      view.setUint8(this.#at, 0xfa)
      view.setFloat32(this.#at + 1, value)
      this.#at += 5
    } else {
      view.setUint8(this.#at, 0xfb)
      view.setFloat64(this.#at + 1, value)
      this.#at += 9
    }
  }

  #number(value: number, schema: Schema | undefined): void {
    if (!Number.isSafeInteger(value) || schema?.type === 'number') this.#float(value)
    else if (value < 0) this.#head(major.negative, -1 - value)
    else this.#head(major.unsigned, value)
  }

  #string(value: string, schema: Schema | undefined): void {
    if (schema?.format !== 'byte') {
      this.#text(value)
      return
    }
    const bytes = decodeBase64(value)
    this.#head(major.tag, tags.base64)
    this.#head(major.bytes, bytes.length)
    this.#raw(bytes)
  }

  #value(value: unknown, schema: Schema | undefined): void {
    if (typeof value === 'string') this.#string(value, schema)
    else if (typeof value === 'number') this.#number(value, schema)
    else if (typeof value === 'bigint') this.#integer(value)
    else if (typeof value === 'boolean') this.#head(major.primitive, value ? 21 : 20)
    else if (typeof value !== 'object' || value === null) this.#head(major.primitive, 22)
    else if (value instanceof NumberLiteral) {
      if (value.isInteger) this.#integer(BigInt(value.text))
      else this.#float(Number(value.text))
    } else if (Array.isArray(value)) {
      this.#head(major.array, value.length)
      for (const item of value) this.#value(item, schema?.items)
    } else this.#map(value, schema)
  }

  #map(value: object, schema: Schema | undefined): void {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined)
    this.#head(major.map, entries.length)
    for (const [name, member] of entries) {
      this.#key(name)
      this.#value(member, memberSchema(schema, name))
    }
  }
}
