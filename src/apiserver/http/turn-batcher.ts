import type { Writable } from 'node:stream'

/**
 * Holds back what is written to a stream after its first write of a turn until the turn's end, so that a burst of
 * events costs each watcher two writes, and a single event no detour. One for each server: a thousand watchers
 * share one callback.
 */
export class TurnBatcher {
  #corked: Writable[] = []
  #turn = 0
  #scheduled = false

  /** Differs from turn to turn in which it is asked for. */
  turn(): number {
    if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(() => this.#endTurn())
    }
    return this.#turn
  }

  cork(target: Writable): void {
    if (target.writableCorked > 0) return
    target.cork()
    this.#corked.push(target)
  }

  #endTurn(): void {
    this.#scheduled = false
    this.#turn++
    if (this.#corked.length === 0) return
    const corked = this.#corked
    this.#corked = []
    for (const target of corked) this.release(target)
  }

  /** Before `end`: an HTTP/1.1 response of Node's that is ended while corked loses its last bytes. */
  release(target: Writable): void {
    if (target.writableCorked > 0) target.uncork()
  }
}
