import { Deque } from '../../base/deque.ts'
import type { Host } from '../../base/host.ts'
import type { Metrics } from '../../base/metrics.ts'
import { checkCommit } from '../check-commit.ts'
import { Expiry } from '../expiry.ts'
import type {
  Batch,
  Change,
  Entry,
  Guard,
  RangeOptions,
  RangeResult,
  Storage,
  WatchOptions,
  Write,
} from '../storage.ts'
import {
  CompactedError,
  FutureRevisionError,
  GuardFailedError,
  QuotaExceededError,
  StorageError,
} from '../storage.ts'
import { StorageMetrics } from '../storage-metrics.ts'
import { filterBatch, type HistoryChunk, WatchHub } from '../watch-hub.ts'
import { Deadlines } from './deadlines.ts'
import { Versions } from './versions.ts'

export interface MemoryStorageOptions {
  readonly host: Host
  readonly metrics?: Metrics
  /** Puts are refused once keys and values of all kept versions exceed this; 2 GiB when absent. */
  readonly quotaBackendBytes?: number
}

/** As etcd without watches or reads: an empty store is at 1, its first commit is 2. */
const firstRevision = 1
const defaultQuotaBackendBytes = 2 * 2 ** 30
/** Past batches that a watcher reads, or the compaction forgets, in one turn. */
const sliceBatches = 1000

/**
 * The contract in memory: for tests and simulations, and deterministic. Commits are visible at once and
 * acknowledged in a microtask.
 */
export class MemoryStorage implements Storage {
  readonly #host: Host
  readonly #quotaBackendBytes: number
  readonly #metrics: StorageMetrics
  readonly #versions = new Versions()
  readonly #deadlines = new Deadlines()
  readonly #expiry: Expiry
  readonly #hub: WatchHub
  /** All batches after the last revision that has been scrubbed. */
  readonly #log = new Deque<Batch>()
  #revision = firstRevision
  #compactedRevision = 0
  #closed = false

  constructor(options: MemoryStorageOptions) {
    this.#host = options.host
    this.#quotaBackendBytes = options.quotaBackendBytes ?? defaultQuotaBackendBytes
    this.#expiry = new Expiry(options.host, (nowMs) => this.#expire(nowMs))
    this.#hub = new WatchHub(options.host, {
      visibleRevision: () => this.#revision,
      compactedRevision: () => this.#compactedRevision,
      readHistory: (prefix, after) => this.#readHistory(prefix, after),
    })
    this.#metrics = new StorageMetrics(options.metrics, () => ({
      totalBytes: this.#versions.bytes,
      usedBytes: this.#versions.bytes,
      quotaBytes: this.#quotaBackendBytes,
      revision: this.#revision,
      compactedRevision: this.#compactedRevision,
      keys: this.#versions.liveKeys,
      watchers: this.#hub.watcherCount,
      slowWatchers: this.#hub.slowWatcherCount,
    }))
  }

  async currentRevision(): Promise<number> {
    this.#checkOpen()
    return this.#revision
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#checkOpen()
    this.#metrics.ranges.inc()
    return this.#versions.newest(key)
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangeResult> {
    this.#checkOpen()
    this.#metrics.ranges.inc()
    const revision = options.revision ?? this.#revision
    if (revision > this.#revision) throw new FutureRevisionError(this.#revision)
    if (revision < this.#compactedRevision) throw new CompactedError(this.#compactedRevision)
    return { ...this.#versions.range(prefix, options.after, options.limit ?? 0, revision), revision }
  }

  async commit(writes: readonly Write[], guards: readonly Guard[] = []): Promise<number> {
    this.#checkOpen()
    checkCommit(writes, guards)
    for (const { key, modRevision } of guards) {
      const current = this.#versions.newest(key)
      if ((current?.modRevision ?? 0) !== modRevision) throw new GuardFailedError(key, current)
    }
    const grows = writes.some((write) => write.type === 'put')
    if (grows && this.#versions.bytes >= this.#quotaBackendBytes) throw new QuotaExceededError()
    const revision = this.#revision + 1
    const changes = writes
      .map((write) => this.#apply(write, revision))
      .filter((change) => change !== undefined)
    const batch: Batch = { revision, changes }
    this.#revision = revision
    this.#log.push(batch)
    const puts = changes.filter(({ entry }) => entry !== undefined).length
    this.#metrics.committed(puts, changes.length - puts)
    this.#hub.publish([batch])
    return revision
  }

  watch(prefix: string, options: WatchOptions): AsyncIterable<Batch> {
    this.#checkOpen()
    return this.#hub.watch(prefix, options)
  }

  get compactedRevision(): number {
    return this.#compactedRevision
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen()
    if (revision > this.#revision) throw new FutureRevisionError(this.#revision)
    if (revision <= this.#compactedRevision) return
    this.#compactedRevision = revision
    for (;;) {
      const slice = this.#takeCompacted()
      this.#metrics.compactedKeys.inc([], slice)
      if (slice < sliceBatches || this.#closed) break
      await this.#host.nextTurn()
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#expiry.close()
    this.#hub.close(new StorageError('the store is closed'))
  }

  #checkOpen(): void {
    if (this.#closed) throw new StorageError('the store is closed')
  }

  #apply(write: Write, revision: number): Change | undefined {
    const { key } = write
    const previous = this.#versions.newest(key)
    this.#deadlines.remove(key)
    if (write.type === 'delete') {
      if (previous === undefined) return undefined
      this.#versions.delete(key, revision)
      return { key, previous }
    }
    const createRevision = previous?.createRevision ?? revision
    const entry: Entry = { key, value: write.value, modRevision: revision, createRevision }
    this.#versions.put(entry)
    if (write.timeToLiveMs !== undefined) {
      const deadlineMs = this.#host.now() + write.timeToLiveMs
      this.#deadlines.set(key, revision, deadlineMs)
      this.#expiry.add(deadlineMs)
    }
    return previous === undefined ? { key, entry } : { key, entry, previous }
  }

  /** Forgets what the oldest batches superseded; gives how many batches it looked at. */
  #takeCompacted(): number {
    let taken = 0
    while (taken < sliceBatches) {
      const batch = this.#log.at(0)
      if (batch === undefined || batch.revision > this.#compactedRevision) break
      this.#log.shift()
      taken++
      for (const { key } of batch.changes) this.#versions.forget(key, this.#compactedRevision)
    }
    return taken
  }

  async #readHistory(prefix: string, after: number): Promise<HistoryChunk> {
    await this.#host.nextTurn()
    if (after < this.#compactedRevision) throw new CompactedError(this.#compactedRevision)
    const first = this.#log.at(0)?.revision ?? this.#revision + 1
    const upTo = Math.min(after + sliceBatches, this.#revision)
    const batches: Batch[] = []
    for (let revision = after + 1; revision <= upTo; revision++) {
      const batch = this.#log.at(revision - first)
      const matching = batch && filterBatch(batch, prefix)
      if (matching !== undefined) batches.push(matching)
    }
    return { batches, upTo }
  }

  async #expire(nowMs: number): Promise<number | undefined> {
    for (let due = this.#deadlines.takeDue(nowMs); due !== undefined; due = this.#deadlines.takeDue(nowMs)) {
      const { key, modRevision } = due
      await this.commit([{ type: 'delete', key }], [{ key, modRevision }])
      this.#metrics.expired.inc()
    }
    return this.#deadlines.next
  }
}
