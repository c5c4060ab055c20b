import { assert } from './assert.ts'

/**
 * As much of ASN.1's distinguished encoding (ITU-T X.690) as X.509 certificates need, both ways. A library for
 * it costs more start-up time than all certificates of a cluster.
 */
export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** Context-specific tag `[number]`; `constructed` for one that holds other elements. */
export const contextTag = (number: number, constructed: boolean): number =>
  0x80 | (constructed ? 0x20 : 0) | number

/** The bytes of a length; also what comes first in every element. */
function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [0x80 | bytes.length, ...bytes]
}

/** One element: tag, length, contents one after another. */
export function derElement(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, content) => sum + content.length, 0)
  const head = lengthBytes(length)
  const bytes = new Uint8Array(1 + head.length + length)
  bytes[0] = tag
  bytes.set(head, 1)
  let offset = 1 + head.length
  for (const content of contents) {
    bytes.set(content, offset)
    offset += content.length
  }
  return bytes
}

export const derSequence = (...items: readonly Uint8Array[]): Uint8Array =>
  derElement(derTags.sequence, ...items)

export const derSet = (...items: readonly Uint8Array[]): Uint8Array => derElement(derTags.set, ...items)

/** A positive whole number from its big-endian bytes. */
export function derInteger(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const trimmed = bytes.subarray(start)
  const negative = ((trimmed[0] ?? 0) & 0x80) !== 0
  return derElement(derTags.integer, negative ? Uint8Array.of(0, ...trimmed) : trimmed)
}

export const derBoolean = (value: boolean): Uint8Array =>
  derElement(derTags.boolean, Uint8Array.of(value ? 0xff : 0))

export const derOctetString = (bytes: Uint8Array): Uint8Array => derElement(derTags.octetString, bytes)

export const derBitString = (bytes: Uint8Array, unusedBits = 0): Uint8Array =>
  derElement(derTags.bitString, Uint8Array.of(unusedBits), bytes)

export const derUtf8String = (text: string): Uint8Array =>
  derElement(derTags.utf8String, new TextEncoder().encode(text))

/** From dotted text: `2.5.4.3`. */
export function derObjectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      groups.unshift(0x80 | (left % 128))
    }
    bytes.push(...groups)
  }
  return derElement(derTags.objectIdentifier, Uint8Array.from(bytes))
}

/** UTCTime up to 2049, GeneralizedTime after it, as RFC 5280 wants; whole seconds. */
export function derTime(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '')
  const beyond = Number(digits.slice(0, 4)) > 2049
  const text = `${beyond ? digits : digits.slice(2)}Z`
  return derElement(beyond ? derTags.generalizedTime : derTags.utcTime, new TextEncoder().encode(text))
}

/** An element that was read: its tag and contents. */
export class DerNode {
  readonly tag: number
  readonly contents: Uint8Array
  /** The element whole, with tag and length. */
  readonly bytes: Uint8Array

  private constructor(tag: number, contents: Uint8Array, bytes: Uint8Array) {
    this.tag = tag
    this.contents = contents
    this.bytes = bytes
  }

  /** The element at the start of `bytes`. Throws RangeError for bytes that are not DER. */
  static read(bytes: Uint8Array): DerNode {
    const tag = bytes[0]
    const first = bytes[1]
    if (tag === undefined || first === undefined) throw new RangeError('DER ends too early')
    let length = first
    let start = 2
    if (first >= 0x80) {
      const count = first & 0x7f
      if (count === 0 || count > 4) throw new RangeError('DER length is not supported')
      length = 0
      for (let index = 0; index < count; index++) length = length * 256 + (bytes[start++] ?? 0)
    }
    if (start + length > bytes.length) throw new RangeError('DER ends too early')
    return new DerNode(tag, bytes.subarray(start, start + length), bytes.subarray(0, start + length))
  }

  get children(): readonly DerNode[] {
    const children: DerNode[] = []
    for (let offset = 0; offset < this.contents.length; ) {
      const child = DerNode.read(this.contents.subarray(offset))
      children.push(child)
      offset += child.bytes.length
    }
    return children
  }

  get text(): string {
    return new TextDecoder().decode(this.contents)
  }

  /** Dotted text of an object identifier. */
  get objectIdentifier(): string {
    const arcs: number[] = []
    let arc = 0
    for (const byte of this.contents) {
      arc = arc * 128 + (byte & 0x7f)
      if ((byte & 0x80) !== 0) continue
      arcs.push(arc)
      arc = 0
    }
    const [first = 0, ...rest] = arcs
    const root = Math.min(Math.floor(first / 40), 2)
    return [root, first - root * 40, ...rest].join('.')
  }

  /** Milliseconds since the epoch of a UTCTime or GeneralizedTime. */
  get timeMs(): number {
    const utc = this.tag === derTags.utcTime
    assert(utc || this.tag === derTags.generalizedTime, `tag ${this.tag} is no time`)
    const text = this.text
    const digits = utc ? `${Number(text.slice(0, 2)) >= 50 ? '19' : '20'}${text}` : text
    const part = (start: number, length: number): number => Number(digits.slice(start, start + length))
    return Date.UTC(part(0, 4), part(4, 2) - 1, part(6, 2), part(8, 2), part(10, 2), part(12, 2))
  }
}
