import type { core } from '../api/generated/types/index.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { formatTime } from '../apimachinery/time.ts'
import { defined } from '../base/defined.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Client } from './client.ts'
import { EventCorrelator } from './event-correlator.ts'
import { EventSink } from './event-sink.ts'

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

/** Writes core/v1 Events behind its callers' backs, one after another, correlated as upstream does. */
export class EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #correlator: EventCorrelator
  readonly #sink: EventSink<core.v1.Event>

  constructor(options: EventRecorderOptions) {
    this.#options = options
    this.#correlator = new EventCorrelator(options.host)
    this.#sink = new EventSink({
      ...options,
      group: '',
      onSent: (event) => this.#correlator.update(event),
    })
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
    if (!this.#sink.accepts(reason, message)) return
    const event = this.#makeEvent(object, type, reason, message, fieldPath)
    this.#sink.push(() => this.#correlator.correlate(event))
  }

  /** Events that wait are dropped; what is being written is finished. */
  stop(): Promise<void> {
    return this.#sink.stop()
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
      metadata: { name: this.#sink.nameFor(name, nowMs), namespace: namespace ?? 'default' },
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
}
