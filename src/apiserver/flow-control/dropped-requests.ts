const maxRetryAfterSeconds = 32

interface Second {
  readonly atSecond: number
  readonly count: number
}

/**
 * What a priority level that refuses requests tells its clients to wait, in seconds: doubled while more are refused
 * than clients that wait as told would send, and less again, second by second, when few are.
 */
export class DroppedRequests {
  #retryAfterSeconds = 1
  #raisedAtSecond = 0
  #history: Second[] = []
  #currentSecond = 0
  #count = 0

  get retryAfterSeconds(): number {
    return this.#retryAfterSeconds
  }

  /** `nowMs`: wall-clock time. */
  record(nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    if (second === this.#currentSecond) {
      this.#count++
      return
    }
    this.#history.push({ atSecond: this.#currentSecond, count: this.#count })
    const keepSeconds = Math.min(2 * this.#retryAfterSeconds, maxRetryAfterSeconds)
    this.#history = this.#history.filter(({ atSecond }) => this.#currentSecond - atSecond <= keepSeconds)
    this.#currentSecond = second
    this.#count = 1
    this.#adjust(second)
  }

  #adjust(second: number): void {
    const seconds = this.#retryAfterSeconds
    let dropped = 0
    for (const { atSecond, count } of this.#history)
      if (atSecond < second && second - atSecond <= seconds) dropped += count
    if (second - this.#raisedAtSecond >= seconds && dropped >= 3 * seconds) {
      this.#retryAfterSeconds = Math.min(seconds * 2, maxRetryAfterSeconds)
      this.#raisedAtSecond = second
    } else if (dropped < seconds && seconds > 1) this.#retryAfterSeconds--
  }
}
