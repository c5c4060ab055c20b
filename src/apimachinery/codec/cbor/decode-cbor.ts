import { encodeBase64, encodeBase64Url } from '../../../base/base64.ts'
import { hex } from '../../../base/hex.ts'
import { DecodeError } from '../decode-error.ts'
import { maxDepth } from '../json-scan.ts'
import { NumberLiteral } from '../number-literal.ts'
import { ArrayFrame, Frame, MapFrame, TagFrame } from './cbor-frames.ts'
import { major, tags } from './cbor-head.ts'
import { refused, typeNames, UnfitError } from './unfit-error.ts'

const indefinite = 31
const breakCode = 0xff

const valid = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Byte strings need not be UTF-8; what is not becomes what JSON makes of it. */
const lenient = new TextDecoder('utf-8', { ignoreBOM: true })

const truncated = (): DecodeError => new DecodeError('unexpected EOF')
const laterFormats: Readonly<Record<number, (bytes: Uint8Array) => string>> = {
  [tags.base64Url]: encodeBase64Url,
  [tags.base64]: encodeBase64,
  [tags.base16]: hex,
}

interface Head {
  readonly type: number
  /** The additional information: what follows, or 31 for an item without a length. */
  readonly info: number
  readonly count: number
}

/** Reads one document; the value is in its JSON form, with literals where a number would say less. */
class CborReader {
  /** True: there are literals. */
  exact = false
  /** What is well-formed, but can be nothing: in its place there is null. */
  problem: string | undefined
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  document(): unknown {
    if (this.#bytes.length === 0) throw new DecodeError('EOF')
    const value = this.#nested()
    const left = this.#bytes.length - this.#at
    if (left > 0)
      throw new DecodeError(`cbor: ${left} bytes of extraneous data starting at index ${this.#at}`)
    return value
  }

  #take(size: number): number {
    const at = this.#at
    if (at + size > this.#bytes.length) throw truncated()
    this.#at += size
    return at
  }

  #head(): Head {
    const first = this.#view.getUint8(this.#take(1))
    if (first === breakCode) throw new DecodeError('cbor: unexpected "break" code')
    const type = first >> 5
    const info = first & 31
    if (info < 24) return { type, info, count: info }
    if (info === 24) return { type, info, count: this.#view.getUint8(this.#take(1)) }
    if (info === 25) return { type, info, count: this.#view.getUint16(this.#take(2)) }
    if (info === 26) return { type, info, count: this.#view.getUint32(this.#take(4)) }
    if (info === 27) return { type, info, count: Number(this.#view.getBigUint64(this.#take(8))) }
    const hasNoLength = type >= major.bytes && type <= major.map
    if (info === indefinite && hasNoLength) return { type, info, count: Number.POSITIVE_INFINITY }
    throw new DecodeError(`cbor: invalid additional information ${info} for type ${typeNames[type]}`)
  }

  /** True at the end of an item without a length, which is then behind. */
  #ends(): boolean {
    if (this.#at >= this.#bytes.length) throw truncated()
    if (this.#bytes[this.#at] !== breakCode) return false
    this.#at++
    return true
  }

  /** Documents may be nested deeper than calls may be. */
  #nested(): unknown {
    const stack: Frame[] = []
    for (;;) {
      let value = this.#attempt(() => this.#next())
      if (value instanceof Frame) {
        if (stack.length === maxDepth) throw new DecodeError(`cbor: exceeded max nested level ${maxDepth}`)
        stack.push(value)
      } else {
        const frame = stack.at(-1)
        if (frame === undefined) return value
        frame.add(value)
      }
      for (let frame = stack.at(-1); frame !== undefined && this.#isWhole(frame); frame = stack.at(-1)) {
        stack.pop()
        const ended = frame
        value = this.#attempt(() => ended.result())
        const outer = stack.at(-1)
        if (outer === undefined) return value
        outer.add(value)
      }
      const frame = stack.at(-1)
      if (!(frame instanceof MapFrame)) continue
      const begin = (): void => frame.begin(this.#key())
      if (stack.length === 1) begin()
      else this.#attempt(begin)
    }
  }

  /** Notes what is wrong with a value, in whose place there is null; only what is not well-formed ends reading. */
  #attempt<T>(read: () => T): T | null {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof UnfitError)) throw error
      this.problem ??= error.message
      return null
    }
  }

  #isWhole(frame: Frame): boolean {
    if (frame.left === Number.POSITIVE_INFINITY) return this.#ends()
    return frame.left-- === 0
  }

  /** A value, or what holds the next ones. */
  #next(): unknown {
    const start = this.#at
    const head = this.#head()
    switch (head.type) {
      case major.unsigned:
      case major.negative:
        return this.#integer(head, start)
      case major.bytes:
        return lenient.decode(this.#string(head))
      case major.text:
        return this.#text(this.#string(head))
      case major.array:
        return new ArrayFrame(head.count)
      case major.map:
        return new MapFrame(head.count)
      case major.tag:
        return this.#tagged(head.count)
      default:
        return this.#primitive(head, start)
    }
  }

  #key(): string {
    const head = this.#head()
    if (head.type === major.text) return this.#text(this.#string(head))
    if (head.type === major.bytes) return lenient.decode(this.#string(head))
    const message = `cbor: cannot unmarshal ${typeNames[head.type]} into Go value of type string`
    // What holds others would have to be read to its end.
    throw head.type >= major.array && head.type <= major.tag
      ? new DecodeError(message)
      : new UnfitError(message)
  }

  #literal(text: string): NumberLiteral {
    this.exact = true
    return new NumberLiteral(text)
  }

  #integer({ type, info, count }: Head, start: number): unknown {
    const isNegative = type === major.negative
    if (info !== 27) return isNegative ? -1 - count : count
    const size = this.#view.getBigUint64(start + 1)
    const value = isNegative ? -1n - size : size
    if (BigInt.asIntN(64, value) !== value) {
      const why = `${value} overflows Go's int64`
      throw new UnfitError(`cbor: cannot unmarshal ${typeNames[type]} into Go value of type int64 (${why})`)
    }
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : this.#literal(`${value}`)
  }

  #primitive({ info, count }: Head, start: number): unknown {
    if (info === 20) return false
    if (info === 21) return true
    if (info === 22) return null
    if (info === 25) return this.#float(halfValue(count))
    if (info === 26) return this.#float(this.#view.getFloat32(start + 1))
    if (info === 27) return this.#float(this.#view.getFloat64(start + 1))
    if (info === 24 && count < 32)
      throw new DecodeError(`cbor: invalid simple value ${count} for type ${typeNames[major.primitive]}`)
    throw refused(major.primitive, `simple value ${count} is not recognized`)
  }

  #float(value: number): unknown {
    if (Number.isNaN(value)) throw refused(major.primitive, 'floating-point NaN')
    if (!Number.isFinite(value)) throw refused(major.primitive, 'floating-point infinity')
    return Number.isSafeInteger(value) ? this.#literal(`${value}.0`) : value
  }

  /** The bytes of a byte string or a text; one without a length comes in pieces that have one. */
  #string({ type, count }: Head): Uint8Array {
    if (count !== Number.POSITIVE_INFINITY) {
      const start = this.#take(count)
      return this.#bytes.subarray(start, this.#at)
    }
    const pieces: Uint8Array[] = []
    while (!this.#ends()) {
      const head = this.#head()
      if (head.type !== type)
        throw new DecodeError(
          `cbor: wrong element type ${typeNames[head.type]} for indefinite-length ${typeNames[type]}`,
        )
      if (head.count === Number.POSITIVE_INFINITY)
        throw new DecodeError(`cbor: indefinite-length ${typeNames[type]} chunk is not definite-length`)
      pieces.push(this.#string(head))
    }
    const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const piece of pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    return whole
  }

  #text(bytes: Uint8Array): string {
    try {
      return valid.decode(bytes)
    } catch {
      throw new UnfitError('cbor: invalid UTF-8 string')
    }
  }

  #tagged(tag: number): unknown {
    const format = laterFormats[tag]
    const start = this.#at
    if (format === undefined) return new TagFrame(tag)
    const head = this.#head()
    if (head.type === major.bytes) return format(this.#string(head))
    this.#at = start
    return new TagFrame(tag)
  }
}

function halfValue(bits: number): number {
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  const sign = bits & 0x8000 ? -1 : 1
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** What a document holds. */
export interface DecodedCbor {
  readonly value: unknown
  /** True: `value` may hold NumberLiterals. */
  readonly exact: boolean
  /** The first thing in it that JSON has no form of. */
  readonly problem: string | undefined
}

/**
 * A document in its JSON form. Throws DecodeError for what is no CBOR, and for keys of the outermost map that are twice
 * or no texts. A problem is told of what JSON has no form of: such keys further inside, `undefined` and other simple
 * values, infinities, bignums, integers beyond 64 bits.
 */
export function readCbor(bytes: Uint8Array): DecodedCbor {
  const reader = new CborReader(bytes)
  const value = reader.document()
  return { value, exact: reader.exact, problem: reader.problem }
}

/** A document that is good as a whole. Throws DecodeError. */
export function decodeCbor(bytes: Uint8Array): Omit<DecodedCbor, 'problem'> {
  const { value, exact, problem } = readCbor(bytes)
  if (problem !== undefined) throw new DecodeError(problem)
  return { value, exact }
}
