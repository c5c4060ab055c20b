import { assert } from './assert.ts'
import { Heap } from './heap.ts'
import type { Host, Timer } from './host.ts'
import { Random } from './random.ts'

export interface VirtualHostOptions {
  readonly seed: number
  /** Resolves in a later turn of the real event loop, after all microtasks: the real host's `nextTurn`. */
  readonly hop: () => Promise<void>
  readonly sha256: (data: Uint8Array) => Uint8Array
  /** Where the clock starts, in milliseconds since the Unix epoch; 2026-01-01T00:00:00Z when absent. */
  readonly startMs?: number
}

interface VirtualTimer {
  readonly dueMs: number
  /** Timers due at the same time fire in the order in which they were made. */
  readonly sequence: number
  readonly callback: () => void
}

const defaultStartMs = Date.UTC(2026, 0, 1)

/** As with Node's timers. It also keeps a timer that renews itself at once from holding time still. */
const leastDelayMs = 1

/** Turns without an end of the tracked work, after which `advance` gives up: some tens of seconds. */
const maxHops = 20_000_000

/** A host whose time moves only in `advance`, and whose randomness follows from a seed. */
export class VirtualHost implements Host {
  readonly #options: VirtualHostOptions
  readonly #random: Random
  readonly #timers = new Heap<VirtualTimer>((a, b) => a.dueMs - b.dueMs || a.sequence - b.sequence)
  #elapsedMs = 0
  #sequence = 0
  #underWay = 0
  #started = 0
  #advancing = false

  constructor(options: VirtualHostOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
  }

  now(): number {
    return Math.floor((this.#options.startMs ?? defaultStartMs) + this.#elapsedMs)
  }

  monotonicMs(): number {
    return this.#elapsedMs
  }

  schedule(delayMs: number, callback: () => void): Timer {
    assert(Number.isFinite(delayMs), `a timer's delay is ${delayMs}`)
    const dueMs = this.#elapsedMs + Math.max(delayMs, leastDelayMs)
    const node = this.#timers.push({ dueMs, sequence: this.#sequence++, callback })
    return {
      cancel: () => {
        this.#timers.remove(node)
      },
    }
  }

  nextTurn(): Promise<void> {
    return this.track(this.#options.hop())
  }

  random(): number {
    return this.#random.next()
  }

  randomBytes(length: number): Uint8Array {
    return this.#random.bytes(length)
  }

  sha256(data: Uint8Array): Uint8Array {
    return this.#options.sha256(data)
  }

  track<T>(work: Promise<T>): Promise<T> {
    this.#underWay++
    this.#started++
    const settled = (): void => {
      this.#underWay--
    }
    work.then(settled, settled)
    return work
  }

  /**
   * Lets everything under way finish, then fires the timers that become due within `ms`, one after another,
   * each at its own time and each only when nothing that the one before it started is under way. Rejects
   * with what a timer's callback throws.
   */
  async advance(ms: number): Promise<void> {
    assert(ms >= 0 && Number.isFinite(ms), `time cannot advance by ${ms} ms`)
    assert(!this.#advancing, 'advance is called while another advance is under way')
    this.#advancing = true
    try {
      const target = this.#elapsedMs + ms
      await this.#settle()
      for (
        let next = this.#timers.peek();
        next !== undefined && next.dueMs <= target;
        next = this.#timers.peek()
      ) {
        this.#timers.pop()
        this.#elapsedMs = next.dueMs
        next.callback()
        await this.#settle()
      }
      this.#elapsedMs = target
    } finally {
      this.#advancing = false
    }
  }

  /** A whole turn in which nothing tracked was under way, began or ended leaves no continuation behind. */
  async #settle(): Promise<void> {
    for (let hops = 0; hops < maxHops; hops++) {
      const idleBefore = this.#underWay === 0
      const startedBefore = this.#started
      await this.#options.hop()
      if (idleBefore && this.#underWay === 0 && this.#started === startedBefore) return
    }
    throw new Error(`virtual time cannot move: ${this.#underWay} pieces of tracked work do not end`)
  }
}
