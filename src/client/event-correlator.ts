import type { core } from '../api/generated/types/index.ts'
import { formatTime } from '../apimachinery/time.ts'
import type { Host } from '../base/host.ts'
import { LruMap } from '../base/lru-map.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import type { OutgoingEvent } from './event-sink.ts'

type Event = core.v1.Event

/** Limits of upstream's event correlator. */
const rememberedKeys = 4_096
const aggregateFrom = 10
const aggregateWithinMs = 600_000
const spamBurst = 25
const spamPerSecond = 1 / 300

interface Aggregate {
  readonly messages: Set<string>
  lastMs: number
}

interface Observation {
  readonly count: number
  readonly firstTimestamp: string
  readonly name: string
}

/** Who tells, of what. All keys begin with it. */
function subjectOf({ source, involvedObject: about }: Event): string {
  const who = `${source?.component ?? ''}\0${source?.host ?? ''}`
  const what = `${about.kind ?? ''}\0${about.namespace ?? ''}\0${about.name ?? ''}\0${about.uid ?? ''}`
  return `${who}\0${what}\0${about.apiVersion ?? ''}`
}

function fullKey(event: Event, subject: string): string {
  const { type = '', reason = '', message = '' } = event
  return `${subject}\0${event.involvedObject.fieldPath ?? ''}\0${type}\0${reason}\0${message}`
}

/**
 * Keeps a source from flooding the server (upstream's EventCorrelator): the same event again is counted, ten
 * events that differ only by their message within ten minutes become one, and a source has 25 events about
 * an object, then one in five minutes.
 */
export class EventCorrelator {
  readonly #host: Host
  readonly #aggregates = new LruMap<string, Aggregate>(rememberedKeys)
  readonly #observations = new LruMap<string, Observation>(rememberedKeys)
  readonly #buckets = new LruMap<string, TokenBucket>(rememberedKeys)

  constructor(host: Host) {
    this.#host = host
  }

  /** Undefined: drop it. */
  correlate(event: Event): OutgoingEvent<Event> | undefined {
    const subject = subjectOf(event)
    const correlated = this.#observe(...this.#aggregate(event, subject))
    return this.#accept(event, subject) ? correlated : undefined
  }

  /** Learns what the server has made of an event. */
  update(event: Event): void {
    this.#remember(fullKey(event, subjectOf(event)), event)
  }

  #aggregate(event: Event, subject: string): [Event, string] {
    const nowMs = this.#host.now()
    const { type = '', reason = '', reportingComponent = '', reportingInstance = '' } = event
    const key = `${subject}\0${type}\0${reason}\0${reportingComponent}\0${reportingInstance}`
    let aggregate = this.#aggregates.get(key)
    if (aggregate === undefined || nowMs - aggregate.lastMs > aggregateWithinMs) {
      aggregate = { messages: new Set(), lastMs: nowMs }
      this.#aggregates.set(key, aggregate)
    }
    aggregate.messages.add(event.message ?? '')
    aggregate.lastMs = nowMs
    if (aggregate.messages.size < aggregateFrom) return [event, fullKey(event, subject)]
    const [anyMessage] = aggregate.messages
    if (anyMessage !== undefined) aggregate.messages.delete(anyMessage)
    return [{ ...event, message: `(combined from similar events): ${event.message ?? ''}` }, key]
  }

  #observe(event: Event, key: string): OutgoingEvent<Event> {
    const before = this.#observations.get(key)
    if (before === undefined) {
      this.#remember(key, event)
      return { event }
    }
    const count = before.count + 1
    const repeated: Event = {
      ...event,
      metadata: { ...event.metadata, name: before.name },
      firstTimestamp: before.firstTimestamp,
      count,
    }
    this.#remember(key, repeated)
    const lastTimestamp = event.lastTimestamp ?? formatTime(this.#host.now())
    return { event: repeated, patch: { count, lastTimestamp, message: event.message ?? '' } }
  }

  #accept({ type = '' }: Event, subject: string): boolean {
    const key = `${subject}\0${type}`
    let bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#host, spamPerSecond, spamBurst)
      this.#buckets.set(key, bucket)
    }
    return bucket.tryTake()
  }

  #remember(key: string, event: Event): void {
    this.#observations.set(key, {
      count: event.count ?? 1,
      firstTimestamp: event.firstTimestamp ?? formatTime(this.#host.now()),
      name: event.metadata.name ?? '',
    })
  }
}
