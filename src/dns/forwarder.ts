import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import { buildQuery } from './build-query.ts'
import { exchangeOverTcp, exchangeOverUdp, parseUpstream, type Upstream } from './exchange.ts'
import type { Query } from './message.ts'
import { recordTypes } from './record.ts'
import { addressedTo, cacheKey, ReplyCache } from './reply-cache.ts'

export interface ForwarderOptions {
  readonly upstreams: readonly string[]
  readonly host: Host
  readonly logger: Logger
  readonly onExchange: (to: string, rcode: number, tookMs: number) => void
  readonly onCache: (hit: boolean) => void
}

export type Protocol = 'udp' | 'tcp'

/** CoreDNS' time for one server, and for all of them together. */
const attemptTimeoutMs = 2_000
const totalTimeoutMs = 5_000

/** How long a server that did not answer stands behind the others. */
const restMs = 5_000

/** CoreDNS' `max_concurrent` in the cluster's usual configuration. */
const mostAtOnce = 1_000

interface Server extends Upstream {
  readonly name: string
  restsUntilMs: number
}

/** Asks the node's own name servers about everything that is not the cluster's. */
export class Forwarder {
  readonly #options: ForwarderOptions
  readonly #cache = new ReplyCache()
  readonly #underWay = new Map<string, Promise<Buffer | undefined>>()
  readonly #probes = new Map<string, Server>()
  #servers: readonly Server[]

  constructor(options: ForwarderOptions) {
    this.#options = options
    this.#servers = options.upstreams.map((name) => ({ ...parseUpstream(name), name, restsUntilMs: 0 }))
  }

  get cachedReplies(): number {
    return this.#cache.size
  }

  /** Resolves to undefined where nobody answers. */
  async ask(query: Query, protocol: Protocol): Promise<Buffer | undefined> {
    const { host, onCache } = this.#options
    const cached = this.#cache.get(query, host.now())
    onCache(cached !== undefined)
    if (cached !== undefined) return cached
    const key = `${protocol}/${query.ednsSize ?? 0}/${cacheKey(query)}`
    const asked = this.#underWay.get(key)
    // Also what makes a loop harmless: a question that comes back to us waits for itself, and times out.
    const reply = await (asked ?? this.#start(key, query, protocol))
    return reply === undefined ? undefined : addressedTo(query, reply)
  }

  /**
   * Sends each server a name that nobody else knows. Where it comes back to us, that server asks us in turn,
   * and is left out from then on.
   */
  probeForLoops(): void {
    const { host } = this.#options
    for (const server of this.#servers) {
      const label = (): string => Buffer.from(host.randomBytes(8)).toString('hex')
      const name = `${label()}.${label()}.invalid`
      this.#probes.set(name, server)
      const query = buildQuery(name, recordTypes.HINFO)
      void exchangeOverUdp(query, this.#newId(), server, attemptTimeoutMs)
        .catch(() => {})
        .finally(() => this.#probes.delete(name))
    }
  }

  /** Whether a question is one of those probes; then it must not be passed on. */
  isProbe(name: string): boolean {
    const server = this.#probes.get(name)
    if (server === undefined) return false
    this.#servers = this.#servers.filter((each) => each !== server)
    const message = 'a name server passes its questions back to this one; it is not asked any more'
    this.#options.logger.error(message, { server: server.name })
    return true
  }

  #start(key: string, query: Query, protocol: Protocol): Promise<Buffer | undefined> {
    if (this.#underWay.size >= mostAtOnce) return Promise.resolve(undefined)
    const reply = this.#options.host
      .track(this.#askInTurn(query, protocol))
      .finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, reply)
    return reply
  }

  async #askInTurn(query: Query, protocol: Protocol): Promise<Buffer | undefined> {
    const { host, onExchange, logger } = this.#options
    const exchange = protocol === 'udp' ? exchangeOverUdp : exchangeOverTcp
    const deadlineMs = host.monotonicMs() + totalTimeoutMs
    const rests = (server: Server): boolean => server.restsUntilMs > host.monotonicMs()
    const inTurn = this.#servers.toSorted((a, b) => Number(rests(a)) - Number(rests(b)))
    for (const server of inTurn) {
      const startMs = host.monotonicMs()
      if (startMs >= deadlineMs) return undefined
      try {
        const timeoutMs = Math.min(attemptTimeoutMs, deadlineMs - startMs)
        const reply = await exchange(query, this.#newId(), server, timeoutMs)
        server.restsUntilMs = 0
        onExchange(server.name, reply.readUInt16BE(2) & 0xf, host.monotonicMs() - startMs)
        this.#cache.put(query, reply, host.now())
        return reply
      } catch (error) {
        if (!rests(server)) logger.warn('a name server does not answer', { server: server.name, error })
        server.restsUntilMs = host.monotonicMs() + restMs
      }
    }
    return undefined
  }

  #newId(): number {
    return Buffer.from(this.#options.host.randomBytes(2)).readUInt16BE(0)
  }
}
