import type { core } from '../api/generated/types/index.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { hasCause, isStatus } from '../apimachinery/status-error.ts'
import { formatTime } from '../apimachinery/time.ts'
import { defined } from '../base/defined.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import { sleep } from '../base/sleep.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import type { Client } from './client.ts'
import { type Correlated, EventCorrelator } from './event-correlator.ts'
import { resourcePath } from './resource-path.ts'

export interface EventRecorderOptions {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
  /** `source.component`: `deployment-controller`, `kubelet`. */
  readonly component: string
  /** `source.host`: the node that the component runs on, where it matters. */
  readonly node?: string
}

export type EventType = 'Normal' | 'Warning'

/** Events beyond that many waiting are dropped; as upstream's broadcaster. */
const maxWaiting = 1_000
const maxTries = 12
/** As upstream's clients, so that a flood of events does not crowd out other requests. */
const perSecond = 50
const burst = 100
const retryMs = 10_000

const events = { group: '', version: 'v1', resource: 'events', namespaced: true }

/** Writes core/v1 Events behind its callers' backs, one after another, correlated as upstream does. */
export class EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #correlator: EventCorrelator
  readonly #abort = new AbortController()
  readonly #waiting: core.v1.Event[] = []
  readonly #bucket: TokenBucket
  #last = 0n
  #dropped = 0
  #busy = false
  #working: Promise<void> | undefined

  constructor(options: EventRecorderOptions) {
    this.#options = options
    this.#correlator = new EventCorrelator(options.host)
    this.#bucket = new TokenBucket(options.host, perSecond, burst)
  }

  /**
   * An Event about `object`, or with `fieldPath` about a part of it (`spec.containers{web}`). Never throws,
   * never waits; objects of cluster scope have their events in the namespace `default`.
   */
  event(
    object: KubernetesObject,
    type: EventType,
    reason: string,
    message: string,
    fieldPath?: string,
  ): void {
    if (this.#abort.signal.aborted) return
    if (this.#waiting.length >= maxWaiting) {
      this.#drop(reason, message)
      return
    }
    this.#waiting.push(this.#makeEvent(object, type, reason, message, fieldPath))
    if (this.#busy) return
    this.#busy = true
    this.#working = this.#work()
  }

  /** Told once for a flood: each line would cost as much as the event. */
  #drop(reason: string, message: string): void {
    if (this.#dropped++ > 0) return
    this.#options.logger.error('events are dropped: too many are waiting', { reason, message })
  }

  #noteEndOfFlood(): void {
    if (this.#dropped > 0) this.#options.logger.error('events were dropped', { events: this.#dropped })
    this.#dropped = 0
  }

  /** Events that wait are dropped; what is being written is finished. */
  async stop(): Promise<void> {
    this.#abort.abort()
    this.#waiting.length = 0
    await this.#working
  }

  #makeEvent(
    object: KubernetesObject,
    type: EventType,
    reason: string,
    message: string,
    fieldPath: string | undefined,
  ): core.v1.Event {
    const { host, component, node } = this.#options
    const { name = '', namespace, uid, resourceVersion } = object.metadata ?? {}
    const nowMs = host.now()
    const time = formatTime(nowMs)
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: `${name}.${this.#nanoseconds(nowMs).toString(16)}`,
        namespace: namespace ?? 'default',
      },
      involvedObject: defined({
        kind: object.kind,
        namespace,
        name,
        uid,
        apiVersion: object.apiVersion,
        resourceVersion,
        fieldPath,
      }),
      reason,
      message,
      source: node === undefined ? { component } : { component, host: node },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      type,
      reportingComponent: component,
      reportingInstance: node ?? '',
    }
  }

  /**
   * Upstream's clock counts nanoseconds; what ours lacks is made up, and ascends: whoever reads events sees those of
   * one second in the order of their names.
   */
  #nanoseconds(nowMs: number): bigint {
    const madeUp = BigInt(nowMs) * 1_000_000n + BigInt(Math.floor(this.#options.host.random() * 1_000_000))
    this.#last = madeUp > this.#last ? madeUp : this.#last + 1n
    return this.#last
  }

  async #work(): Promise<void> {
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      const correlated = this.#correlator.correlate(event)
      if (correlated === undefined) continue
      const waitMs = this.#bucket.reserve()
      if (waitMs > 0) await sleep(this.#options.host, waitMs, this.#abort.signal)
      await this.#record(correlated)
    }
    this.#noteEndOfFlood()
    this.#busy = false
  }

  async #record(correlated: Correlated): Promise<void> {
    const { host, logger } = this.#options
    const { signal } = this.#abort
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        this.#correlator.update(await this.#send(correlated))
        return
      } catch (error) {
        const expected = isStatus(error, 'AlreadyExists') || hasCause(error, 'NamespaceTerminating')
        if (expected) return
        if (!isStatus(error, 'ServiceUnavailable') || tries === maxTries) {
          logger.error('an event could not be written', { reason: correlated.event.reason, error })
          return
        }
      }
      await sleep(host, tries === 1 ? retryMs * host.random() : retryMs, signal)
    }
  }

  async #send({ event, patch }: Correlated): Promise<core.v1.Event> {
    const { transport } = this.#options.client
    const { namespace, name } = event.metadata
    if (patch !== undefined) {
      try {
        const response = await transport.request({
          method: 'PATCH',
          path: resourcePath(events, namespace, name),
          body: patch,
          contentType: 'application/strategic-merge-patch+json',
        })
        return response.body as core.v1.Event
      } catch (error) {
        // It lived for its hour: it is created anew.
        if (!isStatus(error, 'NotFound')) throw error
      }
    }
    const path = resourcePath(events, namespace)
    const response = await transport.request({ method: 'POST', path, body: event })
    return response.body as core.v1.Event
  }
}
