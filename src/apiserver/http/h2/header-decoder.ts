import { staticCount, staticNames, staticValues } from './header-tables.ts'
import { decodeHuffman } from './huffman.ts'
import { ConnectionError, defaultTableBytes, errorCode } from './protocol.ts'

/** RFC 7541 §4.1: what an entry counts beside its characters. */
const entryBytes = 32
/** RFC 9113 §8.2.1, and the colon of pseudo-header fields. */
const validName = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/
/** What Go's server refuses. It takes blanks at a value's ends, against RFC 9113 §8.2.1: curl sends them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for
const invalidValue = /[\x00-\x08\x0a-\x1f\x7f]/

const malformed = (message: string): ConnectionError => new ConnectionError(errorCode.compression, message)

const isStatic = (index: number): boolean => index > 0 && index <= staticCount

export interface DecodedHeaders {
  /** Names and values in turn. */
  readonly fields: readonly string[]
  /** They were more than is allowed: `fields` lacks those above. */
  readonly tooLarge: boolean
  /** A name or value has characters that it must not have. */
  readonly invalid: boolean
}

/** HPACK (RFC 7541), the reading side of one connection. */
export class HeaderDecoder {
  readonly #maxListBytes: number
  /** The newest last; what lies before `#first` has been evicted. */
  #names: string[] = []
  #values: string[] = []
  #first = 0
  #tableBytes = 0
  #tableLimit = defaultTableBytes
  #scratch = Buffer.allocUnsafeSlow(1024)
  #at = 0
  #bytes: Buffer = this.#scratch
  #end = 0
  #invalid = false
  /** Something invalid is in the table: whatever refers to the table from now on may be that. */
  #spoiled = false

  constructor(maxListBytes: number) {
    this.#maxListBytes = maxListBytes
  }

  /** A whole header block. Throws ConnectionError, after which the connection's tables are out of step. */
  decode(bytes: Buffer, start: number, end: number): DecodedHeaders {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.#invalid = this.#spoiled
    const fields: string[] = []
    let listBytes = 0
    while (this.#at < end) {
      const first = bytes[this.#at] ?? 0
      if ((first & 0xe0) === 0x20) {
        if (fields.length > 0) throw malformed('a table size in the middle of a header block')
        this.#resize(this.#integer(5))
        continue
      }
      let name: string
      let value: string
      if (first >= 0x80) {
        const index = this.#integer(7)
        name = this.#nameAt(index)
        value = this.#valueAt(index)
      } else {
        const kept = first >= 0x40
        const index = this.#integer(kept ? 6 : 4)
        name = index === 0 ? this.#newName() : this.#nameAt(index)
        value = this.#newValue()
        if (kept) {
          this.#insert(name, value)
          this.#spoiled ||= this.#invalid
        }
      }
      listBytes += name.length + value.length + entryBytes
      if (listBytes <= this.#maxListBytes) fields.push(name, value)
    }
    this.#bytes = this.#scratch
    return { fields, tooLarge: listBytes > this.#maxListBytes, invalid: this.#invalid }
  }

  #nameAt(index: number): string {
    return (isStatic(index) ? staticNames[index] : this.#names[this.#place(index)]) ?? ''
  }

  #valueAt(index: number): string {
    return (isStatic(index) ? staticValues[index] : this.#values[this.#place(index)]) ?? ''
  }

  #place(index: number): number {
    const place = this.#names.length - (index - staticCount)
    if (index === 0 || place < this.#first) throw malformed('a header index that is not there')
    return place
  }

  #newName(): string {
    const name = this.#string()
    if (!validName.test(name)) this.#invalid = true
    return name
  }

  #newValue(): string {
    const value = this.#string()
    if (invalidValue.test(value)) this.#invalid = true
    return value
  }

  #insert(name: string, value: string): void {
    this.#names.push(name)
    this.#values.push(value)
    this.#tableBytes += name.length + value.length + entryBytes
    this.#evict()
  }

  #resize(bytes: number): void {
    if (bytes > defaultTableBytes) throw malformed('a larger table than was offered')
    this.#tableLimit = bytes
    this.#evict()
  }

  #evict(): void {
    while (this.#tableBytes > this.#tableLimit) {
      const name = this.#names[this.#first] ?? ''
      const value = this.#values[this.#first] ?? ''
      this.#tableBytes -= name.length + value.length + entryBytes
      this.#first++
    }
    if (this.#first < 256) return
    this.#names = this.#names.slice(this.#first)
    this.#values = this.#values.slice(this.#first)
    this.#first = 0
  }

  /** RFC 7541 §5.1. */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1
    let value = this.#byte() & mask
    if (value < mask) return value
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte()
      value += (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw malformed('an integer that is too large')
  }

  #byte(): number {
    if (this.#at >= this.#end) throw malformed('a header block that ends within a field')
    return this.#bytes[this.#at++] ?? 0
  }

  /** RFC 7541 §5.2. One character for each byte, as node:http has it. */
  #string(): string {
    const coded = ((this.#bytes[this.#at] ?? 0) & 0x80) !== 0
    const length = this.#integer(7)
    const start = this.#at
    const end = start + length
    if (end > this.#end) throw malformed('a header block that ends within a string')
    this.#at = end
    if (!coded) return this.#bytes.toString('latin1', start, end)
    const room = Math.ceil(length * 1.6)
    if (room > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(room)
    const used = decodeHuffman(this.#bytes, start, end, this.#scratch)
    return this.#scratch.toString('latin1', 0, used)
  }
}
