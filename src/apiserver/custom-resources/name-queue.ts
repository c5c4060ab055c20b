import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'

const firstDelayMs = 5
const maxDelayMs = 1_000_000

export interface NameQueueOptions {
  readonly host: Host
  readonly logger: Logger
  /** What is done with a name; a name whose work fails is tried again, later each time. */
  readonly work: (name: string) => Promise<void>
  /** Names worked on at a time. */
  readonly workers: number
}

/** Names with something to do: each is there once, and worked on by one at a time. */
export class NameQueue {
  readonly #options: NameQueueOptions
  readonly #waiting = new Set<string>()
  readonly #working = new Set<string>()
  readonly #failures = new Map<string, number>()
  readonly #timers = new Map<string, Timer>()
  #stopped = false

  constructor(options: NameQueueOptions) {
    this.#options = options
  }

  add(name: string): void {
    if (this.#stopped) return
    this.#waiting.add(name)
    this.#next()
  }

  addAfter(name: string, delayMs: number): void {
    if (this.#stopped) return
    this.#timers.get(name)?.cancel()
    const timer = this.#options.host.schedule(delayMs, () => {
      this.#timers.delete(name)
      this.add(name)
    })
    this.#timers.set(name, timer)
  }

  stop(): void {
    this.#stopped = true
    this.#waiting.clear()
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }

  #next(): void {
    for (const name of this.#waiting) {
      if (this.#working.size >= this.#options.workers) return
      if (this.#working.has(name)) continue
      this.#waiting.delete(name)
      this.#working.add(name)
      void this.#options.host.track(this.#run(name))
    }
  }

  async #run(name: string): Promise<void> {
    try {
      // Whoever added it is in the middle of something.
      await this.#options.host.nextTurn()
      if (!this.#stopped) await this.#options.work(name)
      this.#failures.delete(name)
    } catch (error) {
      const failures = this.#failures.get(name) ?? 0
      this.#failures.set(name, failures + 1)
      this.#options.logger.warn('a custom resource definition is looked at again', { name, error })
      this.addAfter(name, Math.min(firstDelayMs * 2 ** failures, maxDelayMs))
    } finally {
      this.#working.delete(name)
      if (!this.#stopped) this.#next()
    }
  }
}
