import type { Host } from '../../base/host.ts'
import { type Logger, silentLogger } from '../../base/logger.ts'
import { checkCommit } from '../check-commit.ts'
import { RevisionWaiters } from '../revision-waiters.ts'
import {
  type Batch,
  CompactedError,
  type Entry,
  FutureRevisionError,
  type Guard,
  GuardFailedError,
  type RangeOptions,
  type RangeResult,
  type Storage,
  StorageError,
  StorageUnavailableError,
  type WatchOptions,
  type Write,
} from '../storage.ts'
import { type HistoryChunk, WatchHub } from '../watch-hub.ts'
import { EtcdConnection, type EtcdServers } from './etcd-connection.ts'
import { compactedText, futureText, leaseNotFoundText } from './etcd-error.ts'
import { encodeKey, entryOf, prefixRange } from './keys.ts'
import { Leases } from './leases.ts'
import { runLiveEvents } from './live-events.ts'
import type { RangeResponse, TxnResponse } from './messages.ts'
import { readHistory } from './read-history.ts'

export interface EtcdStorageOptions {
  readonly host: Host
  readonly logger?: Logger
  readonly servers: EtcdServers
  /** How long `openEtcdStorage` waits for etcd; a minute where absent, as upstream does. */
  readonly openTimeoutMs?: number
}

const defaultOpenTimeoutMs = 60_000
/** Every write and consistent read asks for the revision first: they are not held up for long. */
const freshnessTimeoutMs = 3_000
/** Upstream's probe reads it; nobody writes it. */
const probeKey = encodeKey('/registry/health')
const kv = 'etcdserverpb.KV'

const hasText = (error: unknown, text: string): boolean =>
  error instanceof StorageError && error.message === text

/**
 * The contract on etcd, whose revisions are ours. One watch over all keys says what has become visible: a commit is
 * acknowledged, and a revision given out, when that watch has shown it.
 */
export class EtcdStorage implements Storage {
  readonly connection: EtcdConnection
  readonly #host: Host
  readonly #logger: Logger
  readonly #leases: Leases
  readonly #waiters = new RevisionWaiters()
  readonly #stop = new AbortController()
  readonly #following: Promise<void>
  #hub: WatchHub
  #visible: number
  #compacted = 0
  /** The read of the revision that is under way, and the one that starts after it. */
  #asking: Promise<unknown> = Promise.resolve()
  #askingNext: Promise<number> | undefined

  /** `revision` has been read from the store. Use `openEtcdStorage`. */
  constructor(options: EtcdStorageOptions, connection: EtcdConnection, revision: number) {
    this.connection = connection
    this.#host = options.host
    this.#logger = options.logger ?? silentLogger
    this.#leases = new Leases(options.host, connection)
    this.#visible = revision
    this.#hub = this.#makeHub()
    this.#following = runLiveEvents(
      {
        host: this.#host,
        logger: this.#logger,
        connection,
        after: revision,
        batches: (batches) => this.#publish(batches),
        lost: (error) => this.#jump(error),
      },
      this.#stop.signal,
    )
  }

  /** Not before this call, all who ask meanwhile share one question. */
  currentRevision(): Promise<number> {
    this.#checkOpen()
    this.#askingNext ??= this.#askNext()
    return this.#askingNext
  }

  /** Rejects when etcd does not answer within `timeoutMs`: a health check. */
  async probe(timeoutMs: number): Promise<void> {
    this.#checkOpen()
    await this.connection.read<RangeResponse>(kv, 'Range', { key: probeKey }, timeoutMs)
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#checkOpen()
    const { kvs } = await this.connection.read<RangeResponse>(kv, 'Range', { key: encodeKey(key) })
    return kvs[0] && entryOf(kvs[0])
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangeResult> {
    this.#checkOpen()
    const { after, limit = 0, revision } = options
    if (revision !== undefined && revision < this.#compacted) throw new CompactedError(this.#compacted)
    // A revision of 0 would mean the newest one to etcd.
    const at = revision === undefined ? {} : { revision: Math.max(revision, 1) }
    try {
      const request = { ...prefixRange(prefix, after), limit, ...at }
      const { kvs, more, header } = await this.connection.read<RangeResponse>(kv, 'Range', request)
      if (revision === undefined) await this.#reached(header.revision)
      return { entries: kvs.map(entryOf), revision: revision ?? header.revision, more }
    } catch (error) {
      if (hasText(error, compactedText)) throw new CompactedError(await this.#findCompacted())
      if (hasText(error, futureText)) throw new FutureRevisionError(await this.currentRevision())
      throw error
    }
  }

  async commit(writes: readonly Write[], guards: readonly Guard[] = []): Promise<number> {
    this.#checkOpen()
    checkCommit(writes, guards)
    const response = await this.#transact(writes, guards)
    await this.#reached(response.header.revision)
    if (response.succeeded) return response.header.revision
    const seen = response.responses.map(({ responseRange }) => responseRange?.kvs[0])
    const failed = guards.findIndex(
      ({ modRevision }, index) => (seen[index]?.modRevision ?? 0) !== modRevision,
    )
    const current = seen[failed]
    throw new GuardFailedError(guards[failed]?.key ?? '', current && entryOf(current))
  }

  watch(prefix: string, options: WatchOptions): AsyncIterable<Batch> {
    this.#checkOpen()
    return this.#hub.watch(prefix, options)
  }

  get compactedRevision(): number {
    return this.#compacted
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen()
    try {
      await this.connection.write(kv, 'Compact', { revision })
      this.noteCompaction(revision)
    } catch (error) {
      if (hasText(error, futureText)) throw new FutureRevisionError(await this.currentRevision())
      if (!hasText(error, compactedText)) throw error
    }
  }

  /** Another server has compacted, or is about to. */
  noteCompaction(revision: number): void {
    if (revision <= this.#visible) this.#compacted = Math.max(this.#compacted, revision)
  }

  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    const error = new StorageError('the store is closed')
    this.#hub.close(error)
    // First: what is asked of an etcd that does not answer would hold up the rest.
    this.connection.close()
    await this.#following
    this.#waiters.fail(error)
  }

  #makeHub(): WatchHub {
    return new WatchHub(this.#host, {
      visibleRevision: () => this.#visible,
      compactedRevision: () => this.#compacted,
      readHistory: (prefix, after) => this.#readHistory(prefix, after),
    })
  }

  #checkOpen(): void {
    if (this.#stop.signal.aborted) throw new StorageError('the store is closed')
  }

  async #askNext(): Promise<number> {
    await this.#asking.catch(() => {})
    this.#askingNext = undefined
    const asking = this.connection.read<RangeResponse>(kv, 'Range', { key: probeKey }, freshnessTimeoutMs)
    this.#asking = asking
    const { header } = await asking
    await this.#reached(header.revision)
    return header.revision
  }

  /** Resolves when watchers have been told of `revision`. */
  async #reached(revision: number): Promise<void> {
    if (revision <= this.#visible) return
    this.#checkOpen()
    await this.#host.track(this.#waiters.wait(revision))
  }

  async #transact(writes: readonly Write[], guards: readonly Guard[]): Promise<TxnResponse> {
    const live = writes.map((write) => (write.type === 'put' ? write.timeToLiveMs : undefined))
    const leases = await Promise.all(live.map((ms) => (ms === undefined ? 0 : this.#leases.get(ms))))
    const request = {
      compare: guards.map(({ key, modRevision }) => ({
        target: 'MOD',
        result: 'EQUAL',
        key: encodeKey(key),
        modRevision,
      })),
      success: writes.map((write, index) =>
        write.type === 'put'
          ? { requestPut: { key: encodeKey(write.key), value: write.value, lease: leases[index] ?? 0 } }
          : { requestDeleteRange: { key: encodeKey(write.key) } },
      ),
      failure: guards.map(({ key }) => ({ requestRange: { key: encodeKey(key) } })),
    }
    try {
      return await this.connection.write<TxnResponse>(kv, 'Txn', request)
    } catch (error) {
      if (!hasText(error, leaseNotFoundText)) throw error
      // It ended before its time, as after a restore; nothing has happened.
      for (const lease of leases) this.#leases.forget(lease)
      return this.#transact(writes, guards)
    }
  }

  #publish(batches: readonly Batch[]): void {
    const all: Batch[] = []
    for (const batch of batches) {
      // A revision that changed nothing has no events.
      while (this.#visible + 1 < batch.revision) all.push({ revision: ++this.#visible, changes: [] })
      this.#visible = batch.revision
      all.push(batch)
    }
    this.#hub.publish(all)
    this.#waiters.reached(this.#visible)
  }

  /** What came next has been compacted before it was seen: watchers must start anew. */
  async #jump(error: CompactedError): Promise<number> {
    const { header } = await this.connection.read<RangeResponse>(kv, 'Range', { key: probeKey })
    this.#compacted = Math.max(this.#compacted, error.compactedRevision)
    this.#visible = header.revision
    const old = this.#hub
    this.#hub = this.#makeHub()
    old.close(error)
    this.#waiters.reached(this.#visible)
    return this.#visible
  }

  async #readHistory(prefix: string, after: number): Promise<HistoryChunk> {
    for (;;) {
      this.#checkOpen()
      if (after < this.#compacted) throw new CompactedError(this.#compacted)
      const until = this.#visible
      // The first revision is that of an empty store.
      if (after >= until || until <= 1) return { batches: [], upTo: Math.max(after, until) }
      try {
        return await this.#host.track(readHistory(this.connection, { prefix, after, until }))
      } catch (error) {
        if (error instanceof CompactedError)
          this.#compacted = Math.max(this.#compacted, error.compactedRevision)
        if (!(error instanceof StorageUnavailableError)) throw error
        await this.#host.nextTurn()
      }
    }
  }

  /** etcd tells it to watches only. */
  async #findCompacted(): Promise<number> {
    const error = await readHistory(this.connection, { prefix: '', after: 0, until: 1 }).catch((each) => each)
    if (error instanceof CompactedError) this.noteCompaction(error.compactedRevision)
    return this.#compacted
  }
}

/** Resolves when etcd has answered. Throws StorageTimeoutError when it does not. */
export async function openEtcdStorage(options: EtcdStorageOptions): Promise<EtcdStorage> {
  const connection = new EtcdConnection(options.host, options.servers)
  try {
    const timeoutMs = options.openTimeoutMs ?? defaultOpenTimeoutMs
    const { header } = await connection.read<RangeResponse>(kv, 'Range', { key: probeKey }, timeoutMs)
    return new EtcdStorage(options, connection, header.revision)
  } catch (error) {
    connection.close()
    throw error
  }
}
