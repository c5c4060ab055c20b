import { Deque } from '../../base/deque.ts'
import type { ClusterEvent } from '../cluster-event.ts'

/** Events that are remembered for pods which are being tried; more than that, and those pods come back after their back-off. */
const maxEvents = 50_000

/**
 * What has happened since a pod was taken from the queue: its attempt may have missed it. Events are kept from the
 * start of the oldest attempt that is under way.
 */
export class InFlight {
  /** By uid, in the order of their starts: how many events there had been. */
  readonly #starts = new Map<string, number>()
  readonly #events = new Deque<ClusterEvent>()
  /** How many events have been dropped from the front. */
  #dropped = 0

  has(uid: string): boolean {
    return this.#starts.has(uid)
  }

  get pods(): number {
    return this.#starts.size
  }

  get events(): number {
    return this.#events.length
  }

  /** How many events there are of each label. */
  byLabel(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (let index = 0; index < this.#events.length; index++) {
      const label = this.#events.at(index)?.label ?? ''
      counts.set(label, (counts.get(label) ?? 0) + 1)
    }
    return counts
  }

  start(uid: string): void {
    this.#starts.set(uid, this.#dropped + this.#events.length)
  }

  record(event: ClusterEvent): void {
    if (this.#starts.size === 0) return
    this.#events.push(event)
    if (this.#events.length > maxEvents) this.#drop()
  }

  /** Since the pod's start; undefined when some of them are forgotten, or the pod is not in flight. */
  eventsSince(uid: string): readonly ClusterEvent[] | undefined {
    const start = this.#starts.get(uid)
    if (start === undefined || start < this.#dropped) return undefined
    const events: ClusterEvent[] = []
    for (let index = start - this.#dropped; index < this.#events.length; index++) {
      const event = this.#events.at(index)
      if (event !== undefined) events.push(event)
    }
    return events
  }

  done(uid: string): void {
    if (!this.#starts.delete(uid)) return
    const [first] = this.#starts.values()
    const needed = first ?? this.#dropped + this.#events.length
    while (this.#dropped < needed) this.#drop()
  }

  #drop(): void {
    this.#events.shift()
    this.#dropped++
  }
}
