import type { Writable } from 'node:stream'

/**
 * Holds back what is written to streams until the turn's end, so that a burst of events costs each watcher one
 * write. One for each server: a thousand watchers share one callback.
 */
export class TurnBatcher {
  #corked: Writable[] = []

  cork(target: Writable): void {
    if (target.writableCorked > 0) return
    target.cork()
    if (this.#corked.push(target) === 1) setImmediate(() => this.#releaseAll())
  }

  #releaseAll(): void {
    const corked = this.#corked
    this.#corked = []
    for (const target of corked) this.release(target)
  }

  /** Before `end`: an HTTP/1.1 response of Node's that is ended while corked loses its last bytes. */
  release(target: Writable): void {
    if (target.writableCorked > 0) target.uncork()
  }
}
