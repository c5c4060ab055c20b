import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from '../../base/host.ts'
import { type Logger, silentLogger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { checkCommit } from '../check-commit.ts'
import { Expiry } from '../expiry.ts'
import type {
  Batch,
  Entry,
  Guard,
  RangeOptions,
  RangeResult,
  Storage,
  WatchOptions,
  Write,
} from '../storage.ts'
import { CompactedError, FutureRevisionError, GuardFailedError, StorageError } from '../storage.ts'
import { StorageMetrics } from '../storage-metrics.ts'
import { TransformedStorage, type ValueTransformer } from '../transformed-storage.ts'
import { WatchHub } from '../watch-hub.ts'
import { BatchWriter, changeBound, type KeyChange, type Removal } from './batch-writer.ts'
import { plannedChange, visibleChange } from './changes.ts'
import { checkRoom, fileBytes, keyCount } from './disk.ts'
import { type Environment, loadState, openEnvironment } from './environment.ts'
import { GroupCommit } from './group-commit.ts'
import { claim, release } from './owner.ts'
import { PendingKeys } from './pending-keys.ts'
import { Reader } from './reader.ts'
import type { KeyState } from './records.ts'
import { Room, reservePath } from './room.ts'
import { Scrubber } from './scrubber.ts'

export interface LmdbStorageOptions {
  /** Made if it is absent; holds `store.lmdb` and its lock file. One process at a time. */
  readonly directory: string
  readonly host: Host
  readonly logger?: Logger
  readonly metrics?: Metrics
  /** Puts are refused once the pages in use exceed this; 2 GiB when absent, as etcd's. */
  readonly quotaBackendBytes?: number
  /** Commits are not brought to the disk, for tests: the end of the machine loses them. */
  readonly unsynced?: boolean
  /** What values go through on their way to the file and back, such as encryption. */
  readonly transformer?: ValueTransformer
}

interface Waiter {
  resolve(revision: number): void
  reject(error: unknown): void
}

/** One commit, one slice of a compaction, or (with neither) a wait for what was before it. */
interface Item extends Waiter {
  readonly revision: number
  readonly changes: readonly KeyChange[]
  readonly removals: readonly Removal[]
  readonly scrubbedRevision: number
}

const defaultQuotaBackendBytes = 2 * 2 ** 30
/** Address space, not memory: what pages pinned by long reads, and holes, may take beside the quota. */
const mapBytesPerQuotaByte = 4
/** Pages that a change touches beside its own bytes, for the estimate between two measurements. */
const bytesBesideChange = 1024
/** Deletions that are made at a time when many writes end together. */
const expirySlice = 500

const quotaOf = ({ quotaBackendBytes = defaultQuotaBackendBytes }: LmdbStorageOptions): number =>
  quotaBackendBytes

const boundOf = (change: KeyChange): number => changeBound(change) + bytesBesideChange

/** The contract on LMDB: one file, a history by revision, commits grouped into synced transactions. */
class LmdbStorage implements Storage {
  readonly #host: Host
  readonly #logger: Logger
  readonly #path: string
  readonly #env: Environment
  readonly #room: Room
  readonly #reader: Reader
  readonly #writer: BatchWriter
  readonly #pending = new PendingKeys()
  readonly #commits: GroupCommit<Item>
  readonly #scrubber: Scrubber
  readonly #hub: WatchHub
  readonly #expiry: Expiry
  readonly #metrics: StorageMetrics
  /** The newest commit's; those above `#visibleRevision` are not on the disk yet. */
  #revision: number
  #visibleRevision: number
  #compactedRevision: number
  #closed: Promise<void> | undefined

  constructor(options: LmdbStorageOptions, path: string, env: Environment) {
    this.#host = options.host
    this.#logger = options.logger ?? silentLogger
    this.#path = path
    this.#env = env
    const state = loadState(path, env)
    this.#revision = state.revision
    this.#visibleRevision = state.revision
    this.#compactedRevision = state.compactedRevision
    this.#room = new Room(this.#host, path, env, quotaOf(options))
    this.#reader = new Reader(this.#host, path, env)
    this.#writer = new BatchWriter(env)
    this.#commits = new GroupCommit(this.#host, {
      flush: (items) => this.#flush(items),
      publish: (items) => this.#publish(items),
      fail: (items, error) => this.#fail(items, error),
    })
    this.#scrubber = new Scrubber({
      host: this.#host,
      reader: this.#reader,
      scrubbedRevision: state.scrubbedRevision,
      remove: (removals, upTo) => this.#enqueue([], removals, upTo).then(() => {}),
    })
    this.#hub = new WatchHub(this.#host, {
      visibleRevision: () => this.#visibleRevision,
      compactedRevision: () => this.#compactedRevision,
      readHistory: (prefix, after) => this.#readHistory(prefix, after),
    })
    this.#metrics = new StorageMetrics(options.metrics, () => this.#figures())
    this.#expiry = new Expiry(this.#host, (nowMs) => this.#expire(nowMs))
  }

  /** Takes up what the last owner of the file left undone. */
  resume(): void {
    this.#room.reserve()
    const next = this.#nextDeadline()
    if (next !== undefined) this.#expiry.add(next)
    if (this.#scrubber.scrubbedRevision >= this.#compactedRevision) return
    this.#scrub().catch((error: unknown) => {
      this.#logger.warn('the compaction could not be finished', { error })
    })
  }

  async currentRevision(): Promise<number> {
    this.#checkOpen()
    return this.#visibleRevision
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#checkOpen()
    this.#metrics.ranges.inc()
    const pending = this.#pending.get(key)
    const state = pending === undefined ? this.#reader.lookup(key) : pending.visible
    return state === undefined ? undefined : this.#reader.entry(key, state)
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangeResult> {
    this.#checkOpen()
    this.#metrics.ranges.inc()
    const revision = options.revision ?? this.#visibleRevision
    if (revision > this.#visibleRevision) throw new FutureRevisionError(this.#visibleRevision)
    if (revision < this.#compactedRevision) throw new CompactedError(this.#compactedRevision)
    const query = { prefix, after: options.after, limit: options.limit ?? 0 }
    const reading =
      revision === this.#visibleRevision
        ? this.#reader.newest(query, this.#pending.overlay(prefix, options.after))
        : this.#reader.at(query, revision)
    return { ...(await this.#host.track(reading)), revision }
  }

  /** Not an async function: what goes wrong at once is the only thing that costs a promise more. */
  commit(writes: readonly Write[], guards: readonly Guard[] = []): Promise<number> {
    try {
      return this.#commit(writes, guards)
    } catch (error) {
      return Promise.reject(error)
    }
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
    if (revision > this.#visibleRevision) throw new FutureRevisionError(this.#visibleRevision)
    if (revision <= this.#compactedRevision) return
    this.#compactedRevision = revision
    await this.#scrub()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#expiry.close()
    this.#hub.close(new StorageError('the store is closed'))
    await this.#scrubber.stop()
    await this.#commits.idle()
    try {
      if (!this.#room.isBroken) release(this.#env)
    } catch (error) {
      // The entry of a process that has ended counts for nothing.
      this.#logger.warn('the store could not be released', { error })
    }
    await this.#env.root.close()
  }

  async #scrub(): Promise<void> {
    const startMs = this.#host.monotonicMs()
    const removed = await this.#scrubber.scrub(this.#compactedRevision)
    this.#metrics.compactedKeys.inc([], removed)
    this.#metrics.compactionMs.observe(this.#host.monotonicMs() - startMs)
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new StorageError('the store is closed')
  }

  #commit(writes: readonly Write[], guards: readonly Guard[]): Promise<number> {
    this.#checkOpen()
    checkCommit(writes, guards)
    const guarded: (KeyState | undefined)[] = []
    for (const { key, modRevision } of guards) {
      const newest = this.#newest(key)
      if ((newest?.revision ?? 0) !== modRevision) return this.#refuse(key)
      guarded.push(newest)
    }
    this.#room.check(writes, this.#commits.waitingBytes)
    const revision = this.#revision + 1
    const changes: KeyChange[] = []
    for (let index = 0; index < writes.length; index++) {
      const write = writes[index]
      if (write === undefined) continue
      // Most commits guard what they write: no need to look it up twice.
      const guard = guards[0]?.key === write.key ? 0 : guards.findIndex(({ key }) => key === write.key)
      const before = guard < 0 ? this.#newest(write.key) : guarded[guard]
      const change = plannedChange(write, before, { revision, index }, this.#host)
      if (change !== undefined) changes.push(change)
    }
    // From here on nothing can fail.
    this.#revision = revision
    for (const { key, before, after } of changes) this.#pending.write(key, before, after, revision)
    return this.#enqueue(changes, [], 0)
  }

  #newest(key: string): KeyState | undefined {
    const pending = this.#pending.get(key)
    return pending === undefined ? this.#reader.lookup(key) : pending.newest
  }

  /** What the guard saw is told when everybody may see it. */
  async #refuse(key: string): Promise<never> {
    const pending = this.#pending.get(key)
    if (pending === undefined) throw new GuardFailedError(key, await this.get(key))
    const { newest } = pending
    await this.#enqueue([], [], 0)
    if (newest?.value === undefined) throw new GuardFailedError(key, undefined)
    throw new GuardFailedError(key, {
      key,
      value: newest.value,
      modRevision: newest.revision,
      createRevision: newest.createRevision,
    })
  }

  #enqueue(
    changes: readonly KeyChange[],
    removals: readonly Removal[],
    scrubbedRevision: number,
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      let bytes = 0
      for (const change of changes) bytes += boundOf(change)
      const revision = this.#revision
      this.#commits.add({ revision, changes, removals, scrubbedRevision, resolve, reject }, bytes)
    })
  }

  async #flush(items: readonly Item[]): Promise<void> {
    const changes = items.flatMap((item) => item.changes)
    const removals = items.flatMap((item) => item.removals)
    const revision = items.at(-1)?.revision ?? this.#visibleRevision
    const scrubbedRevision = Math.max(
      this.#scrubber.scrubbedRevision,
      ...items.map((item) => item.scrubbedRevision),
    )
    const nothing = revision === this.#visibleRevision && removals.length === 0
    if (nothing && scrubbedRevision === this.#scrubber.scrubbedRevision) return
    const compactedRevision = this.#compactedRevision
    const startMs = this.#host.monotonicMs()
    await this.#writer.write({ changes, removals, state: { revision, compactedRevision, scrubbedRevision } })
    this.#metrics.flushSeconds.observe((this.#host.monotonicMs() - startMs) / 1000)
  }

  #publish(items: readonly Item[]): void {
    // lmdb keeps its read transaction for a while; from here on it would be too old.
    this.#env.root.resetReadTxn()
    const watched = this.#hub.watcherCount > 0
    const { wantsPrevious } = this.#hub
    const batches: Batch[] = []
    for (const item of items) {
      if (item.revision === this.#visibleRevision) continue
      this.#visibleRevision = item.revision
      const changes = watched
        ? item.changes.map((change) => visibleChange(change, wantsPrevious, this.#reader))
        : []
      batches.push({ revision: item.revision, changes })
      let puts = 0
      for (const change of item.changes) {
        const { key, after } = change
        this.#pending.publish(key, after, item.revision)
        this.#room.take(boundOf(change))
        if (after === undefined) continue
        puts++
        if (after.deadlineMs > 0) this.#expiry.add(after.deadlineMs)
      }
      this.#metrics.committed(puts, item.changes.length - puts)
    }
    this.#hub.publish(batches)
    for (const item of items) item.resolve(item.revision)
  }

  async #fail(items: readonly Item[], cause: unknown): Promise<void> {
    this.#revision = this.#visibleRevision
    this.#pending.clear()
    const bytes = items.flatMap((item) => item.changes).reduce((sum, change) => sum + changeBound(change), 0)
    const error = await this.#room.failed(cause, bytes)
    this.#logger.error('a write to the store has failed', { error })
    for (const item of items) item.reject(error)
  }

  async #readHistory(prefix: string, after: number) {
    await this.#host.nextTurn()
    this.#checkOpen()
    if (after < this.#compactedRevision) throw new CompactedError(this.#compactedRevision)
    return this.#reader.history(prefix, after, this.#visibleRevision)
  }

  #nextDeadline(): number | undefined {
    return this.#reader.deadlines(1)[0]?.deadlineMs
  }

  async #expire(nowMs: number): Promise<number | undefined> {
    for (;;) {
      const due = this.#reader.deadlines(expirySlice).filter(({ deadlineMs }) => deadlineMs <= nowMs)
      if (due.length === 0) return this.#nextDeadline()
      await Promise.all(
        due.map(({ key, revision }) =>
          this.commit([{ type: 'delete', key }], [{ key, modRevision: revision }]).catch((error: unknown) => {
            // It has been written again meanwhile, and its deadline is gone.
            if (!(error instanceof GuardFailedError)) throw error
          }),
        ),
      )
      this.#metrics.expired.inc([], due.length)
    }
  }

  #figures() {
    const open = this.#closed === undefined
    return {
      totalBytes: fileBytes(this.#path),
      usedBytes: open ? this.#room.measure() : this.#room.usedBytes,
      quotaBytes: this.#room.quotaBytes,
      revision: this.#visibleRevision,
      compactedRevision: this.#compactedRevision,
      keys: open ? keyCount(this.#env) : 0,
      watchers: this.#hub.watcherCount,
      slowWatchers: this.#hub.slowWatcherCount,
    }
  }
}

/**
 * Opens or makes the store in a directory. Throws StorageInUseError when another process works on it,
 * StorageCorruptError when its file is damaged or not one of ours, and StorageFullError when the disk is.
 */
export async function openLmdbStorage(options: LmdbStorageOptions): Promise<Storage> {
  // Secrets are in there.
  mkdirSync(options.directory, { recursive: true, mode: 0o700 })
  const path = join(options.directory, 'store.lmdb')
  checkRoom(path, reservePath(path))
  const env = openEnvironment(path, quotaOf(options) * mapBytesPerQuotaByte, options.unsynced)
  try {
    claim(path, env)
    const storage = new LmdbStorage(options, path, env)
    storage.resume()
    const { transformer } = options
    return transformer === undefined ? storage : new TransformedStorage(storage, transformer)
  } catch (error) {
    await env.root.close()
    throw error
  }
}
