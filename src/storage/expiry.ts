import type { Host, Timer } from '../base/host.ts'

/** A full disk and the like: deletes that could not be made are tried again. */
const retryMs = 1000

/** Wakes a store up when the next of its writes has outlived its time. */
export class Expiry {
  readonly #host: Host
  /** Deletes what is due at `nowMs`; resolves to the next deadline, if there is one. */
  readonly #expire: (nowMs: number) => Promise<number | undefined>
  #timer: Timer | undefined
  #deadlineMs = Number.POSITIVE_INFINITY
  #closed = false

  constructor(host: Host, expire: (nowMs: number) => Promise<number | undefined>) {
    this.#host = host
    this.#expire = expire
  }

  /** There is a write that is to go at `deadlineMs` (since the Unix epoch). */
  add(deadlineMs: number): void {
    if (this.#closed || deadlineMs >= this.#deadlineMs) return
    this.#timer?.cancel()
    this.#deadlineMs = deadlineMs
    this.#timer = this.#host.schedule(Math.max(deadlineMs - this.#host.now(), 0), () => {
      this.#deadlineMs = Number.POSITIVE_INFINITY
      this.#timer = undefined
      void this.#host.track(this.#run())
    })
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  async #run(): Promise<void> {
    const nowMs = this.#host.now()
    let next: number | undefined
    try {
      next = await this.#expire(nowMs)
    } catch {
      next = nowMs + retryMs
    }
    if (next !== undefined) this.add(next)
  }
}
