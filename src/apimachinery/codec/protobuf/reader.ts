import { DecodeError } from '../decode-error.ts'
import { maxDepth } from '../json-scan.ts'

const decoder = new TextDecoder()

/** What a protobuf key says of the value that follows. */
export interface Key {
  readonly field: number
  readonly wireType: number
}

const truncated = (): DecodeError => new DecodeError('unexpected EOF')

/** Reads protobuf. Throws DecodeError for bytes that end too early or make no sense. */
export class Reader {
  readonly #bytes: Uint8Array
  readonly #end: number
  /** Messages that this one is inside of. */
  readonly #depth: number
  #at: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length, depth = 0) {
    if (depth > maxDepth) throw new DecodeError('proto: exceeded max depth')
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.#depth = depth
  }

  get done(): boolean {
    return this.#at >= this.#end
  }

  #byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined
    if (byte === undefined) throw truncated()
    this.#at++
    return byte
  }

  /** The lower 32 bits of a varint, unsigned: keys, lengths, booleans. */
  varint(): number {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte()
      if (shift < 32) value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new DecodeError('proto: integer overflow')
  }

  /** A signed integer. Throws DecodeError for one beyond 2^53. */
  int64(): number {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte()
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high |= bits >>> 4
      } else if (shift < 63) high |= bits << (shift - 32)
      else high |= (bits & 1) << 31
      if (byte < 0x80) return this.#signed(low >>> 0, high | 0)
    }
    throw new DecodeError('proto: integer overflow')
  }

  #signed(low: number, high: number): number {
    const value = high * 0x1_0000_0000 + low
    if (Number.isSafeInteger(value)) return value
    const exact = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low))
    throw new DecodeError(`proto: cannot keep number ${exact} exactly`)
  }

  int32(): number {
    return this.varint() | 0
  }

  double(): number {
    const at = this.#take(8)
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 8).getFloat64(0, true)
  }

  /** A reader of the next length-delimited value. */
  message(): Reader {
    const size = this.varint()
    const at = this.#take(size)
    return new Reader(this.#bytes, at, at + size, this.#depth + 1)
  }

  /** A view of the next length-delimited value. */
  bytes(): Uint8Array {
    const size = this.varint()
    const at = this.#take(size)
    return this.#bytes.subarray(at, at + size)
  }

  text(): string {
    const bytes = this.bytes()
    if (bytes.length > 32) return decoder.decode(bytes)
    let text = ''
    for (const byte of bytes) {
      if (byte > 0x7f) return decoder.decode(bytes)
      text += String.fromCharCode(byte)
    }
    return text
  }

  key(): Key {
    const key = this.varint()
    const field = key >>> 3
    const wireType = key & 7
    if (field === 0) throw new DecodeError(`proto: illegal tag 0 (wire type ${wireType})`)
    return { field, wireType }
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint()
    else if (wireType === 1) this.#take(8)
    else if (wireType === 2) this.#take(this.varint())
    else if (wireType === 5) this.#take(4)
    else throw new DecodeError(`proto: illegal wireType ${wireType}`)
  }

  #take(size: number): number {
    const at = this.#at
    if (size > this.#end - at) throw truncated()
    this.#at = at + size
    return at
  }
}
