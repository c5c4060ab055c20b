import type { core } from '../../api/generated/types/index.ts'
import { Heap, type HeapNode } from '../../base/heap.ts'
import type { Host, Timer } from '../../base/host.ts'
import {
  type ClusterEvent,
  forceActivate,
  unschedulableTimeoutLabel,
  unscheduledPodEvent,
} from '../cluster-event.ts'
import { makePodInfo, type PodInfo, refreshPodInfo } from '../pod-info.ts'
import { podChanges } from '../scheduling-changes.ts'
import { type BackOffLimits, backOffUntilMs, isBackingOff, readyAtMs } from './back-off.ts'
import type { AskHint, EventHints, Requeueing } from './event-hints.ts'
import { FlowHeap } from './flow-heap.ts'
import { InFlight } from './in-flight.ts'
import type { Nominator } from './nominator.ts'
import { hasFailed, newQueuedPod, type QueuedPod } from './queued-pod.ts'

export interface SchedulingQueueOptions {
  readonly host: Host
  /** Negative when `left` goes first. */
  readonly less: (left: QueuedPod, right: QueuedPod) => number
  /** See `Plugin.flow`. */
  readonly flow?: ((pod: PodInfo) => string) | undefined
  readonly backOff: BackOffLimits
  /** How long a pod stays unschedulable without an event. */
  readonly maxUnschedulableMs: number
  /** Of the pod's profile. */
  readonly hints: (pod: PodInfo) => EventHints
  /** Of all profiles. */
  readonly allHints: () => readonly EventHints[]
  /** The plugin that keeps a pod out of the queue; undefined: it may be tried. */
  readonly gate: (pod: PodInfo) => string | undefined
  readonly nominator: Nominator
  /** Called when there is a pod to try. */
  readonly onReady: () => void
  /** A pod has come into a queue, by that event. */
  readonly onIncoming?: (queue: 'active' | 'backoff' | 'unschedulable', event: string) => void
  /** Asks a plugin's hint; absent: plainly. */
  readonly askHint?: AskHint
}

/** The plugins that refused a pod; none: an error has ended its attempt. */
export interface RefusedBy {
  readonly unschedulable: ReadonlySet<string>
  readonly pending: ReadonlySet<string>
}

/** How often pods are looked for that have been unschedulable for too long. */
const flushMs = 30_000

const labels = {
  failure: 'ScheduleAttemptFailure',
  backOffComplete: 'BackoffComplete',
  popFromBackOff: 'PopFromBackoffQ',
  add: 'UnschedulablePodAdd',
  update: 'UnschedulablePodUpdate',
} as const

type QueueName = 'active' | 'backoff' | 'unschedulable'

type PlaceHeap = Pick<Heap<Place>, 'size' | 'push' | 'peek' | 'remove'>

interface Place {
  readonly pod: QueuedPod
  queue: QueueName
  heap: PlaceHeap | undefined
  node: HeapNode<Place> | undefined
}

/**
 * Pods that wait for a node, in upstream's three queues: active (next to be tried), back-off (active when their time is
 * over, or when nothing else is to be done), unschedulable (until an event may help, or the longest time has passed;
 * those that a plugin gates too). Events that come while a pod is tried are not lost to it.
 */
export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions
  readonly #active: PlaceHeap
  readonly #backOff: Heap<Place>
  /** Pods that an error has brought back: their back-off is never cut short. */
  readonly #errorBackOff: Heap<Place>
  /** By the pod's uid. */
  readonly #places = new Map<string, Place>()
  /** Unschedulable ones by each plugin that refused them, so that an event is asked about those that it may help only. */
  readonly #refused = new Map<string, Set<Place>>()
  readonly #inFlight = new InFlight()
  #sequence = 0
  #wake: Timer | undefined
  #wakeAtMs = Number.POSITIVE_INFINITY
  #flush: Timer | undefined
  #unschedulable = 0
  #stopped = false

  constructor(options: SchedulingQueueOptions) {
    this.#options = options
    const { less, flow, backOff } = options
    const order = (a: Place, b: Place): number => less(a.pod, b.pod) || a.pod.sequence - b.pod.sequence
    const end = (a: Place, b: Place): number =>
      backOffUntilMs(a.pod, backOff) - backOffUntilMs(b.pod, backOff)
    this.#active =
      flow === undefined ? new Heap(order) : new FlowHeap(order, ({ pod }: Place) => flow(pod.info))
    this.#backOff = new Heap((a, b) => end(a, b) || (backOff.windows ? order(a, b) : 0))
    this.#errorBackOff = new Heap(end)
  }

  /** How many pods are in each queue, under upstream's names. */
  get sizes(): Readonly<Record<QueueName | 'gated', number>> {
    let gated = 0
    if (this.#unschedulable > 0)
      for (const { pod, queue } of this.#places.values())
        if (queue === 'unschedulable' && pod.gatedBy) gated++
    return {
      active: this.#active.size,
      backoff: this.#backOff.size + this.#errorBackOff.size,
      unschedulable: this.#unschedulable - gated,
      gated,
    }
  }

  /** For each unschedulable pod the plugins that refused it. */
  *refusals(): Generator<{ readonly plugin: string; readonly schedulerName: string }> {
    for (const [plugin, places] of this.#refused)
      for (const { pod } of places) yield { plugin, schedulerName: pod.info.pod.spec?.schedulerName ?? '' }
  }

  get inFlight(): Pick<InFlight, 'pods' | 'events' | 'byLabel'> {
    return this.#inFlight
  }

  /** Whether there is a pod to try. */
  get isReady(): boolean {
    return this.#active.size > 0 || (this.#options.backOff.windows && this.#backOff.size > 0)
  }

  get(uid: string): QueuedPod | undefined {
    return this.#places.get(uid)?.pod
  }

  /** A new pod. */
  add(info: PodInfo): void {
    this.#toActive(newQueuedPod(info, this.#sequence++, this.#options.host.now()), labels.add)
  }

  /** A pod without a node has changed; one that is not known is added. */
  update(pod: core.v1.Pod, old: core.v1.Pod): void {
    const uid = pod.metadata?.uid ?? ''
    const place = this.#places.get(uid)
    if (place === undefined && !this.#inFlight.has(uid)) {
      const queued = newQueuedPod(makePodInfo(pod), this.#sequence++, this.#options.host.now())
      this.#toActive(queued, labels.update)
      return
    }
    const events = podChanges(pod, old).map((action) => unscheduledPodEvent({ action, object: pod, old }))
    if (place === undefined) {
      for (const event of events) this.#inFlight.record(event)
      return
    }
    place.pod.info = refreshPodInfo(place.pod.info, pod)
    this.#options.nominator.update(place.pod.info, old)
    if (place.queue !== 'unschedulable') return
    for (const event of events) {
      const hint = this.#options.hints(place.pod.info).requeueing(place.pod, event, this.#options.askHint)
      if (this.#requeue(place.pod, hint, event.label) !== 'unschedulable') return
    }
  }

  remove(uid: string): void {
    this.#options.nominator.remove(uid)
    const place = this.#places.get(uid)
    if (place) this.#take(place)
  }

  /** Takes the next pod out: in flight from now on, until it is given back or done with. */
  pop(): QueuedPod | undefined {
    let place = this.#active.peek()
    if (place === undefined) {
      place = this.#options.backOff.windows ? this.#backOff.peek() : undefined
      if (place === undefined) return undefined
      this.#options.onIncoming?.('active', labels.popFromBackOff)
    }
    return this.#start(place)
  }

  /** Takes this pod out as `pop` does, whatever holds it back, gates apart; undefined: it is not here, or gated. */
  take(uid: string): QueuedPod | undefined {
    const place = this.#places.get(uid)
    return place === undefined || place.pod.gatedBy ? undefined : this.#start(place)
  }

  #start(place: Place): QueuedPod {
    this.#take(place)
    const { pod } = place
    pod.attempts++
    pod.firstTriedMs ??= this.#options.host.now()
    this.#inFlight.start(pod.info.uid)
    return pod
  }

  /** Taken out, and neither given back nor done with. */
  isInFlight({ info }: QueuedPod): boolean {
    return this.#inFlight.has(info.uid)
  }

  /** The attempt is over, or so far that no event can matter to it any more. */
  done(uid: string): void {
    this.#inFlight.done(uid)
  }

  /** Gives a pod back after a failed attempt: to back-off after an error, else until an event helps. */
  giveBack(pod: QueuedPod, { unschedulable, pending }: RefusedBy): void {
    const { uid } = pod.info
    if (this.#places.has(uid)) {
      this.done(uid)
      return
    }
    pod.unschedulablePlugins = unschedulable
    pod.pendingPlugins = pending
    pod.gatedBy = ''
    pod.flushed = false
    if (hasFailed(pod)) pod.errorCount++
    else {
      pod.unschedulableCount++
      pod.errorCount = 0
    }
    pod.timestampMs = this.#options.host.now()
    pod.backOffUntilMs = undefined
    const hint = this.#missed(pod)
    this.done(uid)
    this.#requeue(pod, hint, labels.failure)
  }

  /** Moves every unschedulable pod that `event` may help; `accepts` leaves others alone. */
  moveFor(event: ClusterEvent, accepts: (pod: PodInfo) => boolean = () => true): void {
    if (this.#inFlight.pods > 0 && this.#options.allHints().some((hints) => hints.isAwaited(event)))
      this.#inFlight.record(event)
    for (const place of this.#candidates(event)) {
      const { pod } = place
      if (place.queue !== 'unschedulable' || !accepts(pod.info)) continue
      const hints = this.#options.hints(pod.info)
      if (pod.gatedBy && (event.kind === undefined || !hints.isInterested(pod.gatedBy, event))) continue
      const hint = hints.requeueing(pod, event, this.#options.askHint)
      if (hint !== 'stay') this.#requeue(pod, hint, event.label)
    }
  }

  /** Tries these pods now, whatever holds them back, gates apart. */
  activate(uids: readonly string[]): void {
    for (const uid of uids) {
      const place = this.#places.get(uid)
      if (place === undefined) {
        if (this.#inFlight.has(uid)) this.#inFlight.record(forceActivate(uid))
      } else if (place.queue !== 'active') this.#toActive(place.pod, forceActivate(uid).label)
    }
  }

  stop(): void {
    this.#stopped = true
    this.#wake?.cancel()
    this.#flush?.cancel()
  }

  /** What the events since the start of the attempt mean for the pod. */
  #missed(pod: QueuedPod): Requeueing {
    const events = hasFailed(pod) ? undefined : this.#inFlight.eventsSince(pod.info.uid)
    if (events === undefined) return 'back-off'
    const hints = this.#options.hints(pod.info)
    let found: Requeueing = 'stay'
    for (const event of events) {
      const hint = hints.requeueing(pod, event, this.#options.askHint)
      if (hint === 'at-once') return hint
      if (hint === 'back-off') found = hint
      if (found === 'back-off' && pod.pendingPlugins.size === 0) return found
    }
    return found
  }

  #candidates(event: ClusterEvent): readonly Place[] {
    if (this.#unschedulable === 0) return []
    if (event.kind === undefined) return [...this.#places.values()]
    const found = new Set<Place>()
    for (const [plugin, places] of this.#refused) {
      if (this.#options.allHints().some((hints) => hints.isInterested(plugin, event)))
        for (const place of places) found.add(place)
    }
    return [...found]
  }

  #requeue(pod: QueuedPod, hint: Requeueing, event: string): QueueName {
    const { host, backOff } = this.#options
    if (hint === 'stay') return this.#toUnschedulable(pod, event)
    if (hint === 'back-off' && isBackingOff(pod, host.now(), backOff)) return this.#toBackOff(pod, event)
    return this.#toActive(pod, event)
  }

  #toActive(pod: QueuedPod, event: string): QueueName {
    if (this.#isGated(pod)) return this.#toUnschedulable(pod, event)
    pod.firstTriedMs ??= this.#options.host.now()
    this.#put(pod, 'active', event)
    if (event === labels.add || event === labels.update) this.#options.nominator.add(pod.info)
    this.#options.onReady()
    return 'active'
  }

  #toBackOff(pod: QueuedPod, event: string): QueueName {
    if (this.#options.backOff.windows && this.#isGated(pod)) return this.#toUnschedulable(pod, event)
    this.#put(pod, 'backoff', event)
    this.#wakeAt(readyAtMs(pod, this.#options.backOff))
    if (this.#options.backOff.windows && !hasFailed(pod)) this.#options.onReady()
    return 'backoff'
  }

  #toUnschedulable(pod: QueuedPod, event: string): QueueName {
    this.#put(pod, 'unschedulable', event)
    this.#flush ??= this.#options.host.schedule(flushMs, () => this.#flushUnschedulable())
    return 'unschedulable'
  }

  #isGated(pod: QueuedPod): boolean {
    const plugin = this.#options.gate(pod.info)
    pod.gatedBy = plugin ?? ''
    if (plugin === undefined) return false
    pod.unschedulablePlugins = new Set([...pod.unschedulablePlugins, plugin])
    return true
  }

  #put(pod: QueuedPod, queue: QueueName, event: string): void {
    const { uid } = pod.info
    const known = this.#places.get(uid)
    const place: Place = known ?? { pod, queue, heap: undefined, node: undefined }
    if (known) this.#take(known)
    place.queue = queue
    this.#places.set(uid, place)
    this.#options.onIncoming?.(queue, event)
    if (queue !== 'unschedulable') {
      const backOff = hasFailed(pod) ? this.#errorBackOff : this.#backOff
      place.heap = queue === 'active' ? this.#active : backOff
      place.node = place.heap.push(place)
    } else {
      this.#unschedulable++
      for (const plugin of [...pod.unschedulablePlugins, ...pod.pendingPlugins]) {
        const places = this.#refused.get(plugin)
        if (places) places.add(place)
        else this.#refused.set(plugin, new Set([place]))
      }
    }
  }

  #take(place: Place): void {
    this.#places.delete(place.pod.info.uid)
    if (place.queue === 'unschedulable') {
      this.#unschedulable--
      for (const [plugin, places] of this.#refused)
        if (places.delete(place) && places.size === 0) this.#refused.delete(plugin)
      return
    }
    if (place.node !== undefined) place.heap?.remove(place.node)
    place.node = undefined
  }

  #wakeAt(atMs: number): void {
    if (atMs >= this.#wakeAtMs || this.#stopped) return
    const { host } = this.#options
    this.#wake?.cancel()
    this.#wakeAtMs = atMs
    this.#wake = host.schedule(Math.max(0, atMs - host.now()), () => this.#endBackOffs())
  }

  /** Activates what has backed off long enough. */
  #endBackOffs(): void {
    const { host, backOff } = this.#options
    this.#wakeAtMs = Number.POSITIVE_INFINITY
    for (const heap of [this.#backOff, this.#errorBackOff]) {
      for (let next = heap.peek(); next !== undefined; next = heap.peek()) {
        if (isBackingOff(next.pod, host.now(), backOff)) {
          this.#wakeAt(readyAtMs(next.pod, backOff))
          break
        }
        this.#toActive(next.pod, labels.backOffComplete)
      }
    }
  }

  #flushUnschedulable(): void {
    const { host, maxUnschedulableMs } = this.#options
    this.#flush = undefined
    const now = host.now()
    for (const { pod, queue } of [...this.#places.values()]) {
      if (queue !== 'unschedulable' || pod.gatedBy || now - pod.timestampMs <= maxUnschedulableMs) continue
      pod.flushed = true
      this.#requeue(pod, 'back-off', unschedulableTimeoutLabel)
    }
    if (this.#unschedulable > 0 && !this.#stopped)
      this.#flush ??= host.schedule(flushMs, () => this.#flushUnschedulable())
  }
}
