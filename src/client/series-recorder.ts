import type { events } from '../api/generated/types/index.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { formatMicroTime } from '../apimachinery/time.ts'
import { defined } from '../base/defined.ts'
import type { Host, Timer } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import { LruMap } from '../base/lru-map.ts'
import type { Client } from './client.ts'
import { type EventLimits, EventSink } from './event-sink.ts'

type Event = events.v1.Event

export interface SeriesRecorderOptions {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
  /** How fast they are written; as upstream's clients where absent. */
  readonly limits?: EventLimits
  /** The machine that reports; with the controller's name it is `reportingInstance`. */
  readonly hostname: string
}

/** What has happened, to whom, and who did it. */
export interface Report {
  readonly regarding: KubernetesObject
  /** A second object that has part in it. */
  readonly related?: KubernetesObject
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly action: string
  readonly note: string
  readonly reportingController: string
}

/** Upstream's times: a series that has been silent for so long is over; one that goes on is written that often. */
const finishMs = 6 * 60_000
const refreshMs = 30 * 60_000
const rememberedSeries = 4_096

interface Series {
  readonly event: Event
  readonly startMs: number
  count: number
  lastMs: number
  writtenMs: number
}

/** Writes events.k8s.io/v1 Events: the same again becomes a series, told at its second event, now and then, and at its end. */
export class SeriesRecorder {
  readonly #options: SeriesRecorderOptions
  readonly #sink: EventSink<Event>
  readonly #series = new LruMap<string, Series>(rememberedSeries)
  #timer: Timer | undefined

  constructor(options: SeriesRecorderOptions) {
    this.#options = options
    this.#sink = new EventSink({ ...options, group: 'events.k8s.io' })
  }

  /** Never throws, never waits. */
  report(report: Report): void {
    if (!this.#sink.accepts(report.reason, report.note)) return
    const event = this.#makeEvent(report)
    this.#sink.push(() => this.#correlate(event))
  }

  /** Events that wait are dropped; what is being written is finished. */
  stop(): Promise<void> {
    this.#timer?.cancel()
    return this.#sink.stop()
  }

  #correlate(event: Event): { event: Event; patch?: object } | undefined {
    const nowMs = this.#options.host.now()
    const key = keyOf(event)
    const known = this.#series.get(key)
    if (known === undefined) {
      this.#series.set(key, { event, startMs: nowMs, count: 1, lastMs: nowMs, writtenMs: nowMs })
      this.#timer ??= this.#options.host.schedule(finishMs, () => this.#finish())
      return { event }
    }
    known.count++
    known.lastMs = nowMs
    if (known.count > 2) return undefined
    known.writtenMs = nowMs
    return outgoing(known)
  }

  /** Ends series that have been silent, and tells how long others have become. */
  #finish(): void {
    const nowMs = this.#options.host.now()
    this.#timer = undefined
    for (const [key, series] of this.#series.entries()) {
      const over = nowMs - series.lastMs >= finishMs
      if (over) this.#series.delete(key)
      if (series.count < 2 || (!over && nowMs - series.writtenMs < refreshMs)) continue
      series.writtenMs = nowMs
      this.#sink.push(() => outgoing(series))
    }
    if (this.#series.size > 0) this.#timer = this.#options.host.schedule(finishMs, () => this.#finish())
  }

  #makeEvent({ regarding, related, reportingController, ...said }: Report): Event {
    const { host, hostname } = this.#options
    const { name = '', namespace } = regarding.metadata ?? {}
    const nowMs = host.now()
    return defined({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: this.#sink.nameFor(name, nowMs), namespace: namespace ?? 'default' },
      eventTime: formatMicroTime(nowMs),
      reportingController,
      reportingInstance: `${reportingController}-${hostname}`,
      ...said,
      regarding: referenceTo(regarding),
      related: related === undefined ? undefined : referenceTo(related),
    })
  }
}

function outgoing({ event, count, lastMs }: Series): { event: Event; patch: object } {
  const series = { count, lastObservedTime: formatMicroTime(lastMs) }
  return { event: { ...event, series }, patch: { series } }
}

function referenceTo({ apiVersion, kind, metadata = {} }: KubernetesObject) {
  const { namespace, name, uid, resourceVersion } = metadata
  return defined({ apiVersion, kind, namespace, name, uid, resourceVersion })
}

/** What two events have in common that are one series: all but time and note. */
function keyOf({
  type,
  action,
  reason,
  reportingController,
  reportingInstance,
  regarding,
  related,
}: Event): string {
  return JSON.stringify([type, action, reason, reportingController, reportingInstance, regarding, related])
}
