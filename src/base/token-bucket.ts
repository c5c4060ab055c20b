import type { Host } from './host.ts'

/** Lets `burst` through at once and `perSecond` on average. */
export class TokenBucket {
  readonly #host: Host
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #updatedMs: number

  constructor(host: Host, perSecond: number, burst: number) {
    this.#host = host
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#updatedMs = host.monotonicMs()
  }

  /** Takes a token if there is one. */
  tryTake(): boolean {
    this.#refill()
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /** Milliseconds until there is a token; 0 if there is one. */
  untilNextMs(): number {
    this.#refill()
    return this.#tokens >= 1 ? 0 : ((1 - this.#tokens) / this.#perSecond) * 1_000
  }

  /** Takes a token that may still have to come; the milliseconds until it is there. */
  reserve(): number {
    this.#refill()
    this.#tokens--
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1_000
  }

  #refill(): void {
    const nowMs = this.#host.monotonicMs()
    const elapsedSeconds = (nowMs - this.#updatedMs) / 1_000
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsedSeconds * this.#perSecond)
    this.#updatedMs = nowMs
  }
}
