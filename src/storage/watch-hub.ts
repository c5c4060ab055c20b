import { Deque } from '../base/deque.ts'
import type { Host, Timer } from '../base/host.ts'
import type { Batch, WatchOptions } from './storage.ts'
import { CompactedError, FutureRevisionError } from './storage.ts'
import { Watcher } from './watcher.ts'

export interface HistoryChunk {
  readonly batches: readonly Batch[]
  /** Every change up to this revision has been looked at. */
  readonly upTo: number
}

/** What a store keeps of its past, for watchers that are not at its present. */
export interface History {
  /** The newest revision that anybody may see. */
  visibleRevision(): number
  compactedRevision(): number
  /**
   * The changes under `prefix` with greater revisions than `after`, oldest first, as many as fit in one turn.
   * Rejects with CompactedError when `after` is behind the compaction.
   */
  readHistory(prefix: string, after: number): Promise<HistoryChunk>
}

export interface WatchHubOptions {
  /** Visible batches kept in memory for watchers that have not read them yet; who is further behind reads the history. */
  readonly maxRecentBatches?: number
  readonly maxRecentBytes?: number
  /** How often a watcher without changes is told how far it is; upstream's `--watch-progress-notify-interval`. */
  readonly progressIntervalMs?: number
}

const defaultMaxRecentBatches = 8192
const defaultMaxRecentBytes = 16 * 2 ** 20
const defaultProgressIntervalMs = 5000

/** The batch as seen through `prefix`: itself when everything is under it, undefined when nothing is. */
export function filterBatch(batch: Batch, prefix: string): Batch | undefined {
  const { changes } = batch
  let matching = 0
  for (const change of changes) if (change.key.startsWith(prefix)) matching++
  if (matching === 0) return undefined
  if (matching === changes.length) return batch
  return { revision: batch.revision, changes: changes.filter((change) => change.key.startsWith(prefix)) }
}

const sizeOf = (batch: Batch): number => {
  let bytes = 0
  for (const { entry, previous } of batch.changes) {
    bytes += (entry?.value.length ?? 0) + (previous?.value.length ?? 0)
  }
  return bytes
}

/**
 * Hands committed batches to all watchers of one store. There is one buffer of recent batches for all of
 * them, which is empty while they keep up, and bounded when one does not.
 */
export class WatchHub {
  readonly #host: Host
  readonly #history: History
  readonly #maxRecentBatches: number
  readonly #maxRecentBytes: number
  readonly #progressIntervalMs: number
  readonly #watchers = new Set<Watcher>()
  /** Those that look at what was there before. */
  readonly #comparing = new Set<Watcher>()
  readonly #recent = new Deque<Batch>()
  /** The revision of the batch at the front of `#recent`; one above the newest while that is empty. */
  #firstRecent: number
  #recentBytes = 0
  #progressTimer: Timer | undefined

  constructor(host: Host, history: History, options: WatchHubOptions = {}) {
    this.#host = host
    this.#history = history
    this.#maxRecentBatches = options.maxRecentBatches ?? defaultMaxRecentBatches
    this.#maxRecentBytes = options.maxRecentBytes ?? defaultMaxRecentBytes
    this.#progressIntervalMs = options.progressIntervalMs ?? defaultProgressIntervalMs
    this.#firstRecent = history.visibleRevision() + 1
  }

  get watcherCount(): number {
    return this.#watchers.size
  }

  /** Whether batches that are published must hold previous values. */
  get wantsPrevious(): boolean {
    return this.#comparing.size > 0
  }

  /** How many watchers have to read the history. */
  get slowWatcherCount(): number {
    let count = 0
    for (const watcher of this.#watchers) if (watcher.position + 1 < this.#firstRecent) count++
    return count
  }

  /** `batches` hold every revision since the last call, without gaps, and are visible already. */
  publish(batches: readonly Batch[]): void {
    if (this.#watchers.size === 0) {
      this.#forgetAll()
      return
    }
    for (const batch of batches) {
      this.#recent.push(batch)
      this.#recentBytes += sizeOf(batch)
    }
    for (const watcher of this.#watchers) watcher.wake()
    this.#trim()
    this.#armProgress()
  }

  watch(prefix: string, options: WatchOptions): AsyncIterable<Batch> {
    const visible = this.#history.visibleRevision()
    const after = options.after ?? visible
    const source = {
      history: this.#history,
      recent: (position: number) => this.#nextRecent(prefix, position),
      ended: () => {
        this.#watchers.delete(watcher)
        this.#comparing.delete(watcher)
      },
      idle: () => this.#armProgress(),
    }
    const watcher = new Watcher(prefix, after, options.signal, source)
    const compacted = this.#history.compactedRevision()
    if (after > visible) watcher.fail(new FutureRevisionError(visible))
    else if (after < compacted) watcher.fail(new CompactedError(compacted))
    else if (!options.signal.aborted) this.#join(watcher, options.previous ?? true)
    return watcher
  }

  #join(watcher: Watcher, comparing: boolean): void {
    this.#watchers.add(watcher)
    if (!comparing) return
    // What lies here may have come without previous values; the history has them.
    if (this.#comparing.size === 0) this.#forgetAll()
    this.#comparing.add(watcher)
  }

  /** Ends every watch with `error`. */
  close(error: Error): void {
    this.#progressTimer?.cancel()
    for (const watcher of [...this.#watchers]) watcher.fail(error)
    this.#forgetAll()
  }

  /** The next batch for a watcher at `position`, or how far there is none; undefined when that is no longer here. */
  #nextRecent(prefix: string, position: number): Batch | number | undefined {
    if (position + 1 < this.#firstRecent) return undefined
    for (let index = position + 1 - this.#firstRecent; index < this.#recent.length; index++) {
      const batch = this.#recent.at(index)
      const matching = batch && filterBatch(batch, prefix)
      if (matching !== undefined) return matching
    }
    return this.#firstRecent + this.#recent.length - 1
  }

  #trim(): void {
    let needed = Number.POSITIVE_INFINITY
    for (const { position } of this.#watchers) {
      if (position + 1 >= this.#firstRecent && position < needed) needed = position
    }
    while (
      this.#firstRecent <= needed ||
      this.#recent.length > this.#maxRecentBatches ||
      this.#recentBytes > this.#maxRecentBytes
    ) {
      const batch = this.#recent.shift()
      if (batch === undefined) break
      this.#firstRecent = batch.revision + 1
      this.#recentBytes -= sizeOf(batch)
    }
  }

  #forgetAll(): void {
    this.#recent.clear()
    this.#recentBytes = 0
    this.#firstRecent = this.#history.visibleRevision() + 1
  }

  #armProgress(): void {
    if (this.#progressTimer !== undefined) return
    let silent = false
    for (const watcher of this.#watchers) silent ||= watcher.silent
    if (!silent) return
    this.#progressTimer = this.#host.schedule(this.#progressIntervalMs, () => {
      this.#progressTimer = undefined
      for (const watcher of this.#watchers) watcher.reportProgress()
    })
  }
}
