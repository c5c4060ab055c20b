import { parseIp } from '../apimachinery/ip-address.ts'
import { type DnsRecord, type Rcode, rcodes, recordTypes } from './record.ts'

/** A query as it matters here; the bytes stay at hand for what is passed on. */
export interface Query {
  readonly bytes: Buffer
  readonly id: number
  /** In lower case, without the final dot. */
  readonly name: string
  readonly type: number
  readonly class: number
  readonly recursionDesired: boolean
  /** Where the question ends in `bytes`. */
  readonly questionEnd: number
  /** What the client can take in one datagram; undefined without EDNS (RFC 6891). */
  readonly ednsSize: number | undefined
  /** DNSSEC OK: answers may then carry signatures. */
  readonly dnssecOk: boolean
}

export const headerLength = 12
const responseBit = 0x8000
const authoritativeBit = 0x0400
const truncatedBit = 0x0200
const recursionDesiredBit = 0x0100
const recursionAvailableBit = 0x0080
const pointerBits = 0xc000
/** Pointers have 14 bits. */
const furthestPointer = 0x3fff

const optType = recordTypes.OPT

/** Where a name that starts at `offset` ends; undefined if the bytes end before. */
export function skipName(bytes: Buffer, offset: number): number | undefined {
  for (let at = offset; at < bytes.length; ) {
    const length = bytes[at] ?? 0
    if (length === 0) return at + 1
    if (length >= 0xc0) return at + 2
    at += length + 1
  }
  return undefined
}

/** Names in questions are never compressed. */
function readName(
  bytes: Buffer,
  offset: number,
): { readonly name: string; readonly end: number } | undefined {
  const labels: string[] = []
  for (let at = offset; at < bytes.length; ) {
    const length = bytes[at] ?? 0
    if (length === 0) return { name: labels.join('.').toLowerCase(), end: at + 1 }
    if (length > 63) return undefined
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return undefined
}

/** A query for one name; else what to answer it with; undefined for what is not even a query. */
export function parseQuery(bytes: Buffer): Query | Rcode | undefined {
  if (bytes.length < headerLength) return undefined
  const flags = bytes.readUInt16BE(2)
  if ((flags & responseBit) !== 0) return undefined
  if ((flags & 0x7800) !== 0) return 'NOTIMP'
  const name = bytes.readUInt16BE(4) === 1 ? readName(bytes, headerLength) : undefined
  if (name === undefined || name.end + 4 > bytes.length) return 'FORMERR'
  const questionEnd = name.end + 4
  return {
    bytes,
    id: bytes.readUInt16BE(0),
    name: name.name,
    type: bytes.readUInt16BE(name.end),
    class: bytes.readUInt16BE(name.end + 2),
    recursionDesired: (flags & recursionDesiredBit) !== 0,
    questionEnd,
    ...readEdns(bytes, questionEnd),
  }
}

function readEdns(bytes: Buffer, start: number): Pick<Query, 'ednsSize' | 'dnssecOk'> {
  const none = { ednsSize: undefined, dnssecOk: false }
  const records = bytes.readUInt16BE(6) + bytes.readUInt16BE(8) + bytes.readUInt16BE(10)
  for (let at: number | undefined = start, i = 0; i < records; i++) {
    const end: number | undefined = skipName(bytes, at)
    if (end === undefined || end + 10 > bytes.length) return none
    if (bytes.readUInt16BE(end) === optType) {
      return { ednsSize: bytes.readUInt16BE(end + 2), dnssecOk: (bytes.readUInt16BE(end + 6) & 0x8000) !== 0 }
    }
    at = end + 10 + bytes.readUInt16BE(end + 8)
  }
  return none
}

export interface Reply {
  readonly rcode: Rcode
  /** From the cluster's own zone. */
  readonly authoritative?: boolean
  readonly truncated?: boolean
  readonly answers?: readonly DnsRecord[]
  readonly authorities?: readonly DnsRecord[]
  readonly additionals?: readonly DnsRecord[]
}

/** Writes names once, and refers to them from then on (RFC 1035, 4.1.4). */
class Writer {
  #bytes: Buffer
  #length: number
  readonly #names = new Map<string, number>()

  constructor(start: Buffer) {
    this.#bytes = Buffer.allocUnsafe(Math.max(512, start.length * 2))
    start.copy(this.#bytes)
    this.#length = start.length
  }

  get length(): number {
    return this.#length
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** The name in the question. */
  know(name: string, offset: number): void {
    let at = offset
    for (let rest = name; rest !== ''; ) {
      this.#names.set(rest, at)
      const dot = rest.indexOf('.')
      const label = dot < 0 ? rest : rest.slice(0, dot)
      at += label.length + 1
      rest = dot < 0 ? '' : rest.slice(dot + 1)
    }
  }

  u8(value: number): void {
    this.#room(1)
    this.#length = this.#bytes.writeUInt8(value, this.#length)
  }

  u16(value: number): void {
    this.#room(2)
    this.#length = this.#bytes.writeUInt16BE(value, this.#length)
  }

  u32(value: number): void {
    this.#room(4)
    this.#length = this.#bytes.writeUInt32BE(value >>> 0, this.#length)
  }

  text(value: string): void {
    const bytes = Buffer.from(value, 'latin1').subarray(0, 255)
    this.u8(bytes.length)
    this.#room(bytes.length)
    this.#length += bytes.copy(this.#bytes, this.#length)
  }

  address(text: string): void {
    const ip = parseIp(text)
    const bits = ip?.family === 6 ? 128n : 32n
    for (let shift = bits - 8n; shift >= 0n; shift -= 8n)
      this.u8(Number(((ip?.value ?? 0n) >> shift) & 0xffn))
  }

  name(name: string): void {
    for (let rest = name; rest !== ''; ) {
      const known = this.#names.get(rest)
      if (known !== undefined) {
        this.u16(pointerBits | known)
        return
      }
      if (this.#length <= furthestPointer) this.#names.set(rest, this.#length)
      const dot = rest.indexOf('.')
      this.text((dot < 0 ? rest : rest.slice(0, dot)).slice(0, 63))
      rest = dot < 0 ? '' : rest.slice(dot + 1)
    }
    this.u8(0)
  }

  /** Two bytes for the length of what `write` writes, then that. */
  sized(write: () => void): void {
    const at = this.#length
    this.u16(0)
    write()
    this.#bytes.writeUInt16BE(this.#length - at - 2, at)
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count))
    this.#bytes.copy(grown)
    this.#bytes = grown
  }
}

function writeData(writer: Writer, record: DnsRecord): void {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      writer.address(record.address)
      break
    case 'CNAME':
    case 'PTR':
    case 'NS':
      writer.name(record.target)
      break
    case 'SRV':
      writer.u16(record.priority)
      writer.u16(record.weight)
      writer.u16(record.port)
      writer.name(record.target)
      break
    case 'TXT':
      writer.text(record.text)
      break
    case 'SOA':
      writer.name(record.primary)
      writer.name(record.mailbox)
      for (const field of ['serial', 'refresh', 'retry', 'expire', 'minimum'] as const) {
        writer.u32(record[field])
      }
  }
}

function writeRecord(writer: Writer, record: DnsRecord): void {
  writer.name(record.name)
  writer.u16(recordTypes[record.type])
  writer.u16(1)
  writer.u32(record.ttl)
  writer.sized(() => writeData(writer, record))
}

/** What we take in one datagram ourselves: no fragments on any path (DNS flag day 2020). */
const ourDatagramSize = 1232

/** The bytes of `reply` to `query`, with its question as it was asked, letter by letter. */
export function encodeReply(query: Query, reply: Reply): Buffer {
  const { answers = [], authorities = [], additionals = [] } = reply
  const edns = query.ednsSize !== undefined
  const writer = new Writer(query.bytes.subarray(0, query.questionEnd))
  writer.know(query.name, headerLength)
  for (const record of [...answers, ...authorities, ...additionals]) writeRecord(writer, record)
  if (edns) {
    writer.u8(0)
    writer.u16(optType)
    writer.u16(ourDatagramSize)
    writer.u32(query.dnssecOk ? 0x8000 : 0)
    writer.u16(0)
  }
  const bytes = writer.bytes
  const flags =
    responseBit |
    (reply.authoritative ? authoritativeBit : 0) |
    (reply.truncated ? truncatedBit : 0) |
    (query.recursionDesired ? recursionDesiredBit : 0) |
    recursionAvailableBit |
    rcodes[reply.rcode]
  bytes.writeUInt16BE(flags, 2)
  bytes.writeUInt16BE(answers.length, 6)
  bytes.writeUInt16BE(authorities.length, 8)
  bytes.writeUInt16BE(additionals.length + (edns ? 1 : 0), 10)
  return bytes
}

/** How much of an answer fits a datagram for this client. */
export function datagramLimit(query: Query): number {
  return Math.min(Math.max(query.ednsSize ?? 512, 512), ourDatagramSize)
}

/** An answer to what could not be read further than its header. */
export function refusal(bytes: Buffer, rcode: Rcode): Buffer {
  const reply = Buffer.alloc(headerLength)
  bytes.copy(reply, 0, 0, 4)
  const flags = responseBit | (bytes.readUInt16BE(2) & (0x7800 | recursionDesiredBit)) | rcodes[rcode]
  reply.writeUInt16BE(flags, 2)
  return reply
}
