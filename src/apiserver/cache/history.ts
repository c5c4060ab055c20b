import type { CacheEvent } from './cache-event.ts'

export interface HistoryLimits {
  readonly maxEvents: number
  /** Of states that nothing but the history still holds. */
  readonly maxBytes: number
}

/** The newest events of a resource, oldest first, within bounds. */
export class History {
  #events: CacheEvent[] = []
  #start = 0
  #bytes = 0
  #floor: number
  readonly #limits: HistoryLimits

  /** `floor`: the revision up to which nothing is known. */
  constructor(floor: number, limits: HistoryLimits) {
    this.#floor = floor
    this.#limits = limits
  }

  /** Events after any revision from here on are all there. */
  get floor(): number {
    return this.#floor
  }

  push(event: CacheEvent): void {
    this.#events.push(event)
    this.#bytes += superseded(event)
    while (this.#size > this.#limits.maxEvents || (this.#bytes > this.#limits.maxBytes && this.#size > 1))
      this.#drop()
  }

  get #size(): number {
    return this.#events.length - this.#start
  }

  #drop(): void {
    const event = this.#events[this.#start]
    if (event === undefined) return
    this.#bytes -= superseded(event)
    this.#floor = event.revision
    this.#start++
    if (this.#start < 1024 || this.#start * 2 < this.#events.length) return
    this.#events = this.#events.slice(this.#start)
    this.#start = 0
  }

  /** All events after `revision`, which is not below the floor. */
  after(revision: number): readonly CacheEvent[] {
    let low = this.#start
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#events[middle]?.revision ?? 0) <= revision) low = middle + 1
      else high = middle
    }
    return this.#events.slice(low)
  }
}

const superseded = (event: CacheEvent): number => event.previous?.bytes.length ?? 0
