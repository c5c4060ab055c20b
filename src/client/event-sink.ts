import type { KubernetesObject } from '../apimachinery/meta.ts'
import { hasCause, isStatus } from '../apimachinery/status-error.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import { sleep } from '../base/sleep.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import type { Client } from './client.ts'
import { resourcePath } from './resource-path.ts'

/** What to send: `event` is to be created, or, when it was seen before, patched with `patch`. */
export interface OutgoingEvent<E extends KubernetesObject> {
  readonly event: E & { readonly reason?: string | undefined }
  readonly patch?: object | undefined
}

/** How fast events are written. */
export interface EventLimits {
  readonly perSecond: number
  readonly burst: number
  /** Writes that wait for their answer at any time. */
  readonly inFlight: number
}

/** As upstream's clients, so that a flood of events does not crowd out other requests. */
const defaultLimits: EventLimits = { perSecond: 50, burst: 100, inFlight: 1 }

export interface EventSinkOptions<E extends KubernetesObject> {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
  /** Of the API that events are written to: `` for core, `events.k8s.io`. */
  readonly group: string
  /** As upstream's clients where absent. */
  readonly limits?: EventLimits
  /** Told what the server has made of an event. */
  readonly onSent?: (event: E) => void
}

/** Events beyond that many waiting are dropped; as upstream's broadcaster. */
const maxWaiting = 1_000
const maxTries = 12
const retryMs = 10_000

/** Writes events behind their reporters' backs, by default one after another. */
export class EventSink<E extends KubernetesObject> {
  readonly #options: EventSinkOptions<E>
  readonly #abort = new AbortController()
  readonly #waiting: (() => OutgoingEvent<E> | undefined)[] = []
  readonly #bucket: TokenBucket
  #last = 0n
  #dropped = 0
  #busy = false
  #working: Promise<void> | undefined

  constructor(options: EventSinkOptions<E>) {
    this.#options = options
    const { perSecond, burst } = options.limits ?? defaultLimits
    this.#bucket = new TokenBucket(options.host, perSecond, burst)
  }

  /** Whether an event would be taken; a flood is told of once, each line would cost as much as the event. */
  accepts(reason: string, message: string): boolean {
    if (this.#abort.signal.aborted) return false
    if (this.#waiting.length < maxWaiting) return true
    if (this.#dropped++ === 0)
      this.#options.logger.error('events are dropped: too many are waiting', { reason, message })
    return false
  }

  /** `make` is called when the event's turn has come; undefined: it is not worth sending. */
  push(make: () => OutgoingEvent<E> | undefined): void {
    this.#waiting.push(make)
    if (this.#busy) return
    this.#busy = true
    this.#working = this.#work()
  }

  /** Events that wait are dropped; what is being written is finished. */
  async stop(): Promise<void> {
    this.#abort.abort()
    this.#waiting.length = 0
    await this.#working
  }

  /**
   * A name for an event about an object. Upstream's clock counts nanoseconds; what ours lacks is made up, and ascends:
   * whoever reads events sees those of one second in the order of their names.
   */
  nameFor(object: string, nowMs: number): string {
    const random = this.#options.host.random()
    const madeUp = BigInt(nowMs) * 1_000_000n + BigInt(Math.floor(random * 1_000_000))
    this.#last = madeUp > this.#last ? madeUp : this.#last + 1n
    return `${object}.${this.#last.toString(16)}`
  }

  async #work(): Promise<void> {
    const { host, logger, limits = defaultLimits } = this.#options
    const writing = new Set<Promise<void>>()
    while (this.#waiting.length > 0 || writing.size > 0) {
      const make = this.#waiting.shift()
      if (make === undefined) {
        await Promise.race(writing)
        continue
      }
      const outgoing = make()
      if (outgoing === undefined) continue
      const waitMs = this.#bucket.reserve()
      if (waitMs > 0) await sleep(host, waitMs, this.#abort.signal)
      const record: Promise<void> = this.#record(outgoing).finally(() => writing.delete(record))
      writing.add(record)
      if (writing.size >= limits.inFlight) await Promise.race(writing)
    }
    if (this.#dropped > 0) logger.error('events were dropped', { events: this.#dropped })
    this.#dropped = 0
    this.#busy = false
  }

  async #record(outgoing: OutgoingEvent<E>): Promise<void> {
    const { host, logger, onSent } = this.#options
    const { signal } = this.#abort
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        const sent = await this.#send(outgoing)
        onSent?.(sent)
        return
      } catch (error) {
        const expected = isStatus(error, 'AlreadyExists') || hasCause(error, 'NamespaceTerminating')
        if (expected) return
        if (!isStatus(error, 'ServiceUnavailable') || tries === maxTries) {
          logger.error('an event could not be written', { reason: outgoing.event.reason, error })
          return
        }
      }
      await sleep(host, tries === 1 ? retryMs * host.random() : retryMs, signal)
    }
  }

  async #send({ event, patch }: OutgoingEvent<E>): Promise<E> {
    const { client, group } = this.#options
    const { transport } = client
    const events = { group, version: 'v1', resource: 'events', namespaced: true }
    const { namespace, name } = event.metadata ?? {}
    if (patch !== undefined) {
      try {
        const response = await transport.request({
          method: 'PATCH',
          path: resourcePath(events, namespace, name),
          body: patch,
          contentType: 'application/strategic-merge-patch+json',
        })
        return response.body as E
      } catch (error) {
        // It lived for its hour: it is created anew.
        if (!isStatus(error, 'NotFound')) throw error
      }
    }
    const path = resourcePath(events, namespace)
    const response = await transport.request({ method: 'POST', path, body: event })
    return response.body as E
  }
}
