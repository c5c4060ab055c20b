import { hash, randomFillSync } from 'node:crypto'
import { assert } from '../assert.ts'
import type { Host, Timer } from '../host.ts'

/** What a Node timer can hold; longer delays are walked in several steps. */
const maxTimerMs = 2 ** 31 - 1

/** The machine's own clock, timers, turns and randomness. A pending timer keeps the process alive. */
export class RealHost implements Host {
  #underWay = 0
  /** Drawn ahead, as asking the system costs several times what a uid does; handed out once, from its end on. */
  readonly #random = new Uint8Array(4096)
  #randomLeft = 0

  /** How many pieces of tracked work have not settled. */
  get underWay(): number {
    return this.#underWay
  }

  now(): number {
    return Date.now()
  }

  monotonicMs(): number {
    return performance.now()
  }

  schedule(delayMs: number, callback: () => void): Timer {
    assert(Number.isFinite(delayMs), `a timer's delay is ${delayMs}`)
    const due = performance.now() + delayMs
    // Node rounds down and may wake up a millisecond early: what is left is waited for again.
    const wake = (): void => {
      const leftMs = due - performance.now()
      if (leftMs > 0) timeout = arm(leftMs)
      else callback()
    }
    const arm = (leftMs: number): NodeJS.Timeout => setTimeout(wake, Math.min(Math.ceil(leftMs), maxTimerMs))
    let timeout = arm(delayMs)
    return { cancel: () => clearTimeout(timeout) }
  }

  nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(resolve)
    })
  }

  random(): number {
    return Math.random()
  }

  randomBytes(length: number): Uint8Array {
    if (length > this.#random.length) return randomFillSync(new Uint8Array(length))
    if (this.#randomLeft < length) {
      randomFillSync(this.#random)
      this.#randomLeft = this.#random.length
    }
    const end = this.#randomLeft
    this.#randomLeft = end - length
    const bytes = this.#random.slice(this.#randomLeft, end)
    this.#random.fill(0, this.#randomLeft, end)
    return bytes
  }

  sha256(data: Uint8Array): Uint8Array {
    return new Uint8Array(hash('sha256', data, 'buffer'))
  }

  track<T>(work: Promise<T>): Promise<T> {
    this.#underWay++
    const settled = (): void => {
      this.#underWay--
    }
    work.then(settled, settled)
    return work
  }
}

/** For everything that runs on real time; it holds no state but the count of tracked work. */
export const realHost: RealHost = new RealHost()
