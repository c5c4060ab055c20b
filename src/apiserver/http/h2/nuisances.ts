import { ConnectionError, errorCode } from './protocol.ts'

/** nghttp2's bound for resets, here for everything that costs its sender nothing. */
const burst = 1000
const perSecond = 33

/**
 * Counts frames with which a peer only makes work: resets, pings, settings, empty data. More than a burst of them,
 * and then more than some each second, and the connection ends.
 */
export class Nuisances {
  readonly #nowMs: () => number
  #left = burst
  #lastMs: number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#lastMs = nowMs()
  }

  /** Throws ConnectionError. */
  count(): void {
    const nowMs = this.#nowMs()
    this.#left = Math.min(burst, this.#left + ((nowMs - this.#lastMs) / 1000) * perSecond) - 1
    this.#lastMs = nowMs
    if (this.#left < 0) throw new ConnectionError(errorCode.enhanceYourCalm, 'too many frames without use')
  }
}
