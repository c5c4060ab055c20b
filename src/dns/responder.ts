import { decode } from 'dns-packet'
import type { Host } from '../base/host.ts'
import { buildQuery } from './build-query.ts'
import type { DnsMetrics } from './dns-metrics.ts'
import type { Forwarder, Protocol } from './forwarder.ts'
import { datagramLimit, encodeReply, parseQuery, type Query, type Reply, refusal } from './message.ts'
import { type DnsRecord, recordTypes, type ZoneAnswer } from './record.ts'
import type { Zone } from './zone.ts'

export interface ResponderOptions {
  readonly zone: Zone
  /** Whether the zone's caches are filled. */
  readonly ready: () => boolean
  readonly forwarder: Forwarder
  readonly host: Host
  readonly metrics: DnsMetrics
}

const internetClass = 1
const anyClass = 255

/** How many names an ExternalName may lead through. */
const longestChain = 8

/** Answers messages: from the zone at once, everything else through the forwarder. */
export class Responder {
  readonly #options: ResponderOptions

  constructor(options: ResponderOptions) {
    this.#options = options
  }

  /** undefined: no answer is given. */
  answer(bytes: Buffer, protocol: Protocol): Buffer | undefined | Promise<Buffer | undefined> {
    const { host, metrics } = this.#options
    const startMs = host.monotonicMs()
    const query = parseQuery(bytes)
    if (query === undefined) return undefined
    if (typeof query === 'string') return refusal(bytes, query)
    const fromZone = this.#fromZone(query, protocol)
    if (Buffer.isBuffer(fromZone)) {
      metrics.answered(query, protocol, fromZone, 'kubernetes', host.monotonicMs() - startMs)
      return fromZone
    }
    if (fromZone === undefined && this.#options.forwarder.isProbe(query.name)) return undefined
    return (fromZone ?? this.#forward(query, protocol)).then((reply) => {
      const plugin = fromZone === undefined ? 'forward' : 'kubernetes'
      metrics.answered(query, protocol, reply, plugin, host.monotonicMs() - startMs)
      return reply
    })
  }

  #fromZone(query: Query, protocol: Protocol): Buffer | undefined | Promise<Buffer> {
    const { zone, ready } = this.#options
    if (query.class !== internetClass && query.class !== anyClass)
      return encodeReply(query, { rcode: 'REFUSED' })
    const found = zone.lookup(query)
    if (found === undefined) return undefined
    if (!ready()) return encodeReply(query, { rcode: 'SERVFAIL' })
    const alias = found.answers[0]
    if (alias?.type === 'CNAME' && query.type !== recordTypes.CNAME && query.type !== recordTypes.ANY) {
      return this.#follow(alias.target, query.type).then((more) =>
        this.#encode(query, { ...found, answers: [...found.answers, ...more] }, protocol),
      )
    }
    return this.#encode(query, { ...found, answers: this.#shuffled(found.answers) }, protocol)
  }

  async #forward(query: Query, protocol: Protocol): Promise<Buffer> {
    const reply = await this.#options.forwarder.ask(query, protocol)
    if (reply === undefined) return encodeReply(query, { rcode: 'SERVFAIL' })
    if (protocol === 'udp' && reply.length > datagramLimit(query)) {
      return encodeReply(query, { rcode: 'NOERROR', truncated: true })
    }
    return reply
  }

  /** What stands at an alias's target, inside the cluster or outside. */
  async #follow(target: string, type: number): Promise<readonly DnsRecord[]> {
    const found: DnsRecord[] = []
    for (let name = target.toLowerCase(), i = 0; i < longestChain; i++) {
      const inside = this.#options.zone.lookup({ name, type })
      const records = inside?.answers ?? (await this.#ask(name, type))
      found.push(...records)
      const next = records.at(-1)
      if (inside === undefined || next?.type !== 'CNAME') return found
      name = next.target
    }
    return found
  }

  async #ask(name: string, type: number): Promise<readonly DnsRecord[]> {
    const reply = await this.#options.forwarder.ask(buildQuery(name, type), 'udp')
    if (reply === undefined) return []
    try {
      return (decode(reply).answers ?? []).flatMap((answer): readonly DnsRecord[] => {
        if (answer.type === 'A' || answer.type === 'AAAA') {
          return [{ name: answer.name, ttl: answer.ttl ?? 0, type: answer.type, address: answer.data }]
        }
        if (answer.type !== 'CNAME') return []
        return [{ name: answer.name, ttl: answer.ttl ?? 0, type: 'CNAME', target: answer.data }]
      })
    } catch {
      // A name server's damaged answer is none.
      return []
    }
  }

  /** Clients take the first address: each gets another one. */
  #shuffled(answers: readonly DnsRecord[]): readonly DnsRecord[] {
    if (answers.length < 2) return answers
    const shuffled = [...answers]
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = Math.floor(this.#options.host.random() * (i + 1))
      const [a, b] = [shuffled[i], shuffled[j]]
      if (a === undefined || b === undefined) continue
      shuffled[i] = b
      shuffled[j] = a
    }
    return shuffled
  }

  /** In a datagram: without what was not asked for if that makes it fit, else as much as fits, marked as cut. */
  #encode(query: Query, answer: ZoneAnswer, protocol: Protocol): Buffer {
    const reply: Reply = { ...answer, authoritative: true }
    const whole = encodeReply(query, reply)
    if (protocol === 'tcp' || whole.length <= datagramLimit(query)) return whole
    const limit = datagramLimit(query)
    const plain = encodeReply(query, { ...reply, additionals: [] })
    if (plain.length <= limit) return plain
    let keep = Math.floor((answer.answers.length * limit) / plain.length)
    for (;;) {
      const answers = answer.answers.slice(0, keep)
      const cut = encodeReply(query, { ...reply, answers, additionals: [], truncated: true })
      if (cut.length <= limit || keep === 0) return cut
      keep--
    }
  }
}
