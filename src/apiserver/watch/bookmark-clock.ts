import type { Host, Timer } from '../../base/host.ts'
import type { WatchConsumer } from '../cache/watch-hub.ts'

/** Upstream's: a watch that asked for bookmarks gets one about every minute. */
const periodMs = 60_000

/** One timer for all watches that want bookmarks; it rests while there are none. */
export class BookmarkClock {
  readonly #host: Host
  readonly #revision: () => number
  readonly #watches = new Set<WatchConsumer>()
  #timer: Timer | undefined

  constructor(host: Host, revision: () => number) {
    this.#host = host
    this.#revision = revision
  }

  add(watch: WatchConsumer): void {
    this.#watches.add(watch)
    this.#timer ??= this.#host.schedule(periodMs, () => this.#tick())
  }

  remove(watch: WatchConsumer): void {
    if (!this.#watches.delete(watch) || this.#watches.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #tick(): void {
    this.#timer = this.#host.schedule(periodMs, () => this.#tick())
    const revision = this.#revision()
    for (const watch of [...this.#watches]) watch.progress(revision)
  }
}
