import { Heap, type HeapNode } from '../base/heap.ts'
import type { Host, Timer } from '../base/host.ts'
import type { ClusterEvent } from './cluster-event.ts'
import type { PodInfo } from './pod-info.ts'

/** A pod in the queue, with the history of its attempts. */
export interface QueuedPod {
  readonly info: PodInfo
  readonly attempts: number
  /** When it was first queued, by the wall clock. */
  readonly sinceMs: number
  /** When its last attempt failed. */
  readonly failedAtMs: number
  /** Names of the plugins that refused it last; empty: none in particular (an error). */
  readonly refusedBy: ReadonlySet<string>
  /** Refused before it was ever queued (scheduling gates). */
  readonly gated: boolean
}

export interface SchedulingQueueOptions {
  readonly host: Host
  readonly less: (left: PodInfo, right: PodInfo) => number
  /** Whether `event` may help a pod that the named plugin refused. */
  readonly mayHelp: (plugin: string, pod: PodInfo, event: ClusterEvent) => boolean
  /** Called when the active queue has become non-empty. */
  readonly onReady: () => void
}

/** Upstream's podInitialBackoffSeconds, podMaxBackoffSeconds, and how long a pod stays unschedulable at most. */
const initialBackOffMs = 1_000
const maxBackOffMs = 10_000
const maxUnschedulableMs = 5 * 60_000

interface Place {
  queued: QueuedPod
  readonly queue: 'active' | 'backoff' | 'unschedulable' | 'gated'
  readonly node?: HeapNode<Place>
}

export function backOffMs(attempts: number): number {
  return attempts === 0 ? 0 : Math.min(maxBackOffMs, initialBackOffMs * 2 ** (attempts - 1))
}

/**
 * Pods that wait for a node, in upstream's three queues: active (next to be tried), back-off (will be active
 * when their time is over), unschedulable (until an event may help, or five minutes have passed).
 */
export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions
  readonly #active: Heap<Place>
  readonly #backOff: Heap<Place>
  /** By the pod's uid. */
  readonly #places = new Map<string, Place>()
  #wake: Timer | undefined
  #wakeAtMs = Number.POSITIVE_INFINITY

  constructor(options: SchedulingQueueOptions) {
    this.#options = options
    this.#active = new Heap(
      (a, b) => options.less(a.queued.info, b.queued.info) || a.queued.sinceMs - b.queued.sinceMs,
    )
    this.#backOff = new Heap((a, b) => this.#readyAtMs(a.queued) - this.#readyAtMs(b.queued))
  }

  /** How many pods are in each queue, under upstream's names. */
  get sizes(): Readonly<Record<Place['queue'], number>> {
    const sizes = { active: this.#active.size, backoff: this.#backOff.size, unschedulable: 0, gated: 0 }
    if (this.#places.size === sizes.active + sizes.backoff) return sizes
    for (const { queue } of this.#places.values())
      if (queue === 'unschedulable' || queue === 'gated') sizes[queue]++
    return sizes
  }

  /** Whether there is a pod to try. */
  get isReady(): boolean {
    return this.#active.size > 0
  }

  /** A pod that is new, or not gated any more. */
  add(info: PodInfo): void {
    const now = this.#options.host.now()
    this.#put(
      { info, attempts: 0, sinceMs: now, failedAtMs: now, refusedBy: new Set(), gated: false },
      'active',
    )
  }

  addGated(info: PodInfo, plugin: string): void {
    const now = this.#options.host.now()
    this.#put(
      { info, attempts: 0, sinceMs: now, failedAtMs: now, refusedBy: new Set([plugin]), gated: true },
      'gated',
    )
  }

  has(uid: string): boolean {
    return this.#places.has(uid)
  }

  get(uid: string): QueuedPod | undefined {
    return this.#places.get(uid)?.queued
  }

  /** Takes the next pod out; it is the caller's to bind or to give back. */
  pop(): QueuedPod | undefined {
    const place = this.#active.pop()
    if (!place) return undefined
    this.#places.delete(place.queued.info.uid)
    return place.queued
  }

  /** Gives a pod back after a failed attempt: to back-off after an error, else until an event helps. */
  giveBack(queued: QueuedPod, refusedBy: ReadonlySet<string>): void {
    const failed = {
      ...queued,
      attempts: queued.attempts + 1,
      failedAtMs: this.#options.host.now(),
      refusedBy,
    }
    this.#put(failed, refusedBy.size === 0 ? 'backoff' : 'unschedulable')
  }

  /** The pod itself has changed: what was unschedulable may be tried again. */
  update(info: PodInfo, events: readonly ClusterEvent[]): void {
    const place = this.#places.get(info.uid)
    if (!place) return
    const queued = { ...place.queued, info }
    if (place.queue === 'unschedulable' && events.some((event) => this.#mayHelp(queued, event)))
      this.#reactivate(queued)
    else this.#put(queued, place.queue)
  }

  /** The pod has changed in nothing that scheduling looks at: only the newest object is kept. */
  refresh(uid: string, pod: PodInfo['pod']): void {
    const place = this.#places.get(uid)
    if (place) place.queued = { ...place.queued, info: { ...place.queued.info, pod } }
  }

  remove(uid: string): void {
    const place = this.#places.get(uid)
    if (!place) return
    this.#places.delete(uid)
    if (place.node) (place.queue === 'active' ? this.#active : this.#backOff).remove(place.node)
  }

  /** Moves every unschedulable pod that `event` may help. */
  moveFor(event: ClusterEvent): void {
    for (const place of [...this.#places.values()]) {
      if (place.queue === 'unschedulable' && this.#mayHelp(place.queued, event))
        this.#reactivate(place.queued)
    }
  }

  stop(): void {
    this.#wake?.cancel()
  }

  #mayHelp(queued: QueuedPod, event: ClusterEvent): boolean {
    for (const plugin of queued.refusedBy) if (this.#options.mayHelp(plugin, queued.info, event)) return true
    return false
  }

  #readyAtMs(queued: QueuedPod): number {
    return queued.failedAtMs + backOffMs(queued.attempts)
  }

  #reactivate(queued: QueuedPod): void {
    this.#put(queued, this.#readyAtMs(queued) > this.#options.host.now() ? 'backoff' : 'active')
  }

  #put(queued: QueuedPod, queue: Place['queue']): void {
    const { uid } = queued.info
    this.remove(uid)
    const place: Place = { queued, queue }
    const heap = queue === 'active' ? this.#active : queue === 'backoff' ? this.#backOff : undefined
    this.#places.set(uid, heap ? Object.assign(place, { node: heap.push(place) }) : place)
    if (queue === 'active') this.#options.onReady()
    else if (queue === 'backoff') this.#wakeAt(this.#readyAtMs(queued))
    else if (queue === 'unschedulable') this.#wakeAt(queued.failedAtMs + maxUnschedulableMs)
  }

  #wakeAt(atMs: number): void {
    if (atMs >= this.#wakeAtMs) return
    this.#wake?.cancel()
    this.#wakeAtMs = atMs
    this.#wake = this.#options.host.schedule(Math.max(0, atMs - this.#options.host.now()), () =>
      this.#flush(),
    )
  }

  /** Activates what has backed off long enough, and what has been unschedulable too long. */
  #flush(): void {
    this.#wakeAtMs = Number.POSITIVE_INFINITY
    const now = this.#options.host.now()
    for (
      let next = this.#backOff.peek();
      next && this.#readyAtMs(next.queued) <= now;
      next = this.#backOff.peek()
    ) {
      this.#put(next.queued, 'active')
    }
    for (const place of [...this.#places.values()]) {
      if (place.queue !== 'unschedulable') continue
      const due = place.queued.failedAtMs + maxUnschedulableMs
      if (due <= now) this.#reactivate(place.queued)
      else this.#wakeAt(due)
    }
    const next = this.#backOff.peek()
    if (next) this.#wakeAt(this.#readyAtMs(next.queued))
  }
}
