import { LruMap } from '../base/lru-map.ts'
import { headerLength, type Query, skipName } from './message.ts'
import { rcodes, recordTypes } from './record.ts'

interface Cached {
  readonly bytes: Buffer
  readonly storedMs: number
  readonly expiresMs: number
  readonly ttlOffsets: readonly number[]
}

/** CoreDNS' capacity, and the time that the cluster's usual configuration lets it keep anything (`cache 30`). */
const capacity = 9984
const longestTtlSeconds = 30

interface ReadReply {
  readonly rcode: number
  readonly truncated: boolean
  readonly ttlOffsets: readonly number[]
  /** How long it may be kept; 0: not at all. */
  readonly ttlSeconds: number
}

/** Goes over the records of a reply; undefined if it is damaged. */
function readReply(bytes: Buffer, questionEnd: number): ReadReply | undefined {
  const answers = bytes.readUInt16BE(6)
  const records = answers + bytes.readUInt16BE(8) + bytes.readUInt16BE(10)
  const flags = bytes.readUInt16BE(2)
  const ttlOffsets: number[] = []
  let ttlSeconds = longestTtlSeconds
  // A reply without answers may only be kept if it says for how long (RFC 2308).
  let bounded = answers > 0
  let at = questionEnd
  for (let i = 0; i < records; i++) {
    const end = skipName(bytes, at)
    if (end === undefined || end + 10 > bytes.length) return undefined
    const type = bytes.readUInt16BE(end)
    if (type !== recordTypes.OPT) {
      ttlOffsets.push(end + 4)
      ttlSeconds = Math.min(ttlSeconds, bytes.readUInt32BE(end + 4))
    }
    at = end + 10 + bytes.readUInt16BE(end + 8)
    if (at > bytes.length) return undefined
    if (type === recordTypes.SOA) {
      ttlSeconds = Math.min(ttlSeconds, bytes.readUInt32BE(at - 4))
      bounded = true
    }
  }
  return {
    rcode: flags & 0xf,
    truncated: (flags & 0x0200) !== 0,
    ttlOffsets,
    ttlSeconds: bounded ? ttlSeconds : 0,
  }
}

/** What depends on the client in an answer from elsewhere. */
export function cacheKey(query: Query): string {
  const edns = query.ednsSize === undefined ? '' : query.dnssecOk ? 'D' : 'E'
  return `${query.name}/${query.type}/${query.class}/${edns}`
}

/** Gives `bytes`, an answer to the same question, the query's id and its spelling of the name. */
export function addressedTo(query: Query, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt16BE(query.id, 0)
  query.bytes.copy(copy, headerLength, headerLength, query.questionEnd)
  return copy
}

/** Answers from elsewhere, for as long as they are good. */
export class ReplyCache {
  readonly #entries = new LruMap<string, Cached>(capacity)

  get size(): number {
    return this.#entries.size
  }

  get(query: Query, nowMs: number): Buffer | undefined {
    const key = cacheKey(query)
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.expiresMs <= nowMs) {
      this.#entries.delete(key)
      return undefined
    }
    const reply = addressedTo(query, entry.bytes)
    const ageSeconds = Math.floor((nowMs - entry.storedMs) / 1000)
    for (const offset of entry.ttlOffsets) {
      reply.writeUInt32BE(Math.max(reply.readUInt32BE(offset) - ageSeconds, 0), offset)
    }
    return reply
  }

  /** Keeps `bytes` if they may be kept. */
  put(query: Query, bytes: Buffer, nowMs: number): void {
    const reply = readReply(bytes, query.questionEnd)
    if (reply === undefined || reply.truncated || reply.ttlSeconds === 0) return
    if (reply.rcode !== rcodes.NOERROR && reply.rcode !== rcodes.NXDOMAIN) return
    const { ttlOffsets, ttlSeconds } = reply
    const expiresMs = nowMs + ttlSeconds * 1000
    this.#entries.set(cacheKey(query), { bytes, storedMs: nowMs, expiresMs, ttlOffsets })
  }
}
