import type { Host, Timer } from '../../base/host.ts'

export interface PodLoopOptions {
  readonly host: Host
  /** One pass; how long to wait for the next, if nothing happens before. Never rejects. */
  readonly pass: () => Promise<number | undefined>
  /** The wait is over. */
  readonly onDue: () => void
}

/** Passes one after another: whatever happens during one only marks it, and another follows. */
export class PodLoop {
  readonly #options: PodLoopOptions
  #timer: Timer | undefined
  #isBusy = false
  #dirty = false
  #isStopped = false

  constructor(options: PodLoopOptions) {
    this.#options = options
  }

  get isBusy(): boolean {
    return this.#isBusy
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  /** There is something to look at. */
  look(): void {
    this.#dirty = true
    if (this.#isBusy || this.#isStopped) return
    this.#isBusy = true
    void this.#run()
  }

  /** No pass begins any more. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  async #run(): Promise<void> {
    while (this.#dirty && !this.#isStopped) {
      this.#dirty = false
      this.#timer?.cancel()
      const waitMs = await this.#options.pass()
      if (waitMs !== undefined) this.#waitFor(waitMs)
    }
    this.#isBusy = false
  }

  #waitFor(delayMs: number): void {
    const { host, onDue } = this.#options
    this.#timer?.cancel()
    if (!this.#isStopped) this.#timer = host.schedule(delayMs, onDue)
  }
}
