import type { Host } from '../base/host.ts'

export interface BackOffOptions {
  readonly initialMs: number
  readonly capMs: number
  readonly factor: number
  /** Each delay is stretched by a random share of it, at most this one. */
  readonly jitter: number
  /** A pause that long between two failures starts over. */
  readonly resetMs: number
}

/** Upstream's reflector: 800 ms doubling to 30 s, up to twice that with jitter, afresh after two quiet minutes. */
export const reflectorBackOff: BackOffOptions = {
  initialMs: 800,
  capMs: 30_000,
  factor: 2,
  jitter: 1,
  resetMs: 120_000,
}

/** Growing delays between attempts that fail. */
export class BackOff {
  readonly #host: Host
  readonly #options: BackOffOptions
  #nextMs: number
  #lastAt = Number.NEGATIVE_INFINITY

  constructor(host: Host, options: BackOffOptions) {
    this.#host = host
    this.#options = options
    this.#nextMs = options.initialMs
  }

  /** The delay before the next attempt, in milliseconds. */
  next(): number {
    const { initialMs, capMs, factor, jitter, resetMs } = this.#options
    const now = this.#host.monotonicMs()
    if (now - this.#lastAt > resetMs) this.#nextMs = initialMs
    this.#lastAt = now
    const delayMs = this.#nextMs
    this.#nextMs = Math.min(delayMs * factor, capMs)
    return delayMs * (1 + this.#host.random() * jitter)
  }

  reset(): void {
    this.#nextMs = this.#options.initialMs
  }
}
