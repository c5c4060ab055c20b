import { utf8Length } from '../../utf8-length.ts'

/** Numbers of 64 bits in two halves: JavaScript's shifts know 32. */
const highBits = (value: number): number => Math.floor(value / 0x1_0000_0000) >>> 0

/**
 * Writes protobuf from the end towards the beginning, as gogo's generated code does: a nested message's length is
 * known when its head is written, and nothing is ever moved or measured twice.
 */
export class ReverseWriter {
  readonly #encoder = new TextEncoder()
  #bytes: Uint8Array<ArrayBuffer>
  /** Where the written part begins. */
  #start: number

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity)
    this.#start = capacity
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#bytes.length - this.#start
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(this.#start)
  }

  /** What was written, until anything else is. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#start)
  }

  /** Begins anew, in the same memory. */
  clear(): void {
    this.#start = this.#bytes.length
  }

  /** An unsigned number below 2^32: lengths, keys. */
  varint(value: number): void {
    let size = 1
    for (let rest = value >>> 7; rest !== 0; rest >>>= 7) size++
    this.#reserve(size)
    let at = this.#start
    let rest = value
    while (rest > 0x7f) {
      this.#bytes[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[at] = rest
  }

  /** A safe integer of either sign, in 64 bits. */
  int64(value: number): void {
    if (value >= 0 && value <= 0xffff_ffff) {
      this.varint(value)
      return
    }
    const bytes: number[] = []
    let low = value >>> 0
    let high = highBits(value)
    while (high !== 0 || low > 0x7f) {
      bytes.push((low & 0x7f) | 0x80)
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    bytes.push(low)
    this.bytes(Uint8Array.from(bytes))
  }

  double(value: number): void {
    this.#reserve(8)
    new DataView(this.#bytes.buffer).setFloat64(this.#start, value, true)
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#start)
  }

  /** A text's UTF-8, without its length. */
  text(value: string): void {
    const size = utf8Length(value)
    this.#reserve(size)
    if (size === value.length && size < 64) {
      for (let index = 0; index < size; index++) this.#bytes[this.#start + index] = value.charCodeAt(index)
    } else {
      this.#encoder.encodeInto(value, this.#bytes.subarray(this.#start, this.#start + size))
    }
  }

  #reserve(size: number): void {
    if (this.#start < size) this.#grow(size)
    this.#start -= size
  }

  #grow(size: number): void {
    const length = this.length
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, length + size))
    bytes.set(this.#bytes.subarray(this.#start), bytes.length - length)
    this.#bytes = bytes
    this.#start = bytes.length - length
  }
}
