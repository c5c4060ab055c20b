export interface Integrated {
  readonly durationMs: number
  readonly average: number
  readonly deviation: number
  readonly max: number
}

/** The time-weighted average, deviation and greatest value of something that changes in steps. */
export class Integrator {
  #lastMs: number
  #value = 0
  #durationMs = 0
  #integral = 0
  #squares = 0
  #max = 0

  constructor(nowMs: number) {
    this.#lastMs = nowMs
  }

  set(value: number, nowMs: number): void {
    this.#advance(nowMs)
    this.#value = value
    if (value > this.#max) this.#max = value
  }

  /** What has been since the last call; begins anew with the present value. */
  reset(nowMs: number): Integrated {
    this.#advance(nowMs)
    const durationMs = this.#durationMs
    const average = durationMs > 0 ? this.#integral / durationMs : this.#value
    const variance = durationMs > 0 ? this.#squares / durationMs - average * average : 0
    const result = { durationMs, average, deviation: Math.sqrt(Math.max(0, variance)), max: this.#max }
    this.#durationMs = 0
    this.#integral = 0
    this.#squares = 0
    this.#max = this.#value
    return result
  }

  #advance(nowMs: number): void {
    const passedMs = nowMs - this.#lastMs
    if (passedMs <= 0) return
    this.#lastMs = nowMs
    this.#durationMs += passedMs
    this.#integral += passedMs * this.#value
    this.#squares += passedMs * this.#value * this.#value
  }
}
