import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { assert } from '../../base/assert.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { sleep } from '../../base/sleep.ts'
import { RevisionWaiters } from '../../storage/revision-waiters.ts'
import type { Batch, Change, Entry, Storage } from '../../storage/storage.ts'
import type { MaybePromise } from '../authenticator.ts'
import type { StoreRequests } from '../metrics/store-requests.ts'
import { fromStorageError } from '../rest/storage-errors.ts'
import type { ClaimChange } from '../write-allocator.ts'
import type { CachedObject } from './cached-object.ts'
import { DecodedObjects } from './decoded-objects.ts'
import type { HistoryLimits } from './history.ts'
import { type LateCache, LateCaches } from './late-caches.ts'
import type { Layout } from './layout.ts'
import { MeasuredStore, registryPrefix } from './measured-store.ts'
import { checkObjectSize } from './object-size.ts'
import { ResourceCache, type WrittenObject } from './resource-cache.ts'

/** How long the loop over changes runs before other work gets its chance. */
const sliceMs = 5
const reloadDelayMs = 1000

export interface MirrorOptions {
  readonly host: Host
  readonly storage: Storage
  readonly logger: Logger
  readonly requests: StoreRequests
  /** Of decoded objects, counted by their encoded size. */
  readonly decodedBytes: number
  readonly history: HistoryLimits
  /** True: others write to the store, too, so a consistent read asks it for its revision first. */
  readonly shared: boolean
}

/** A write of this process that has not been seen coming back. */
interface PendingWrite extends WrittenObject {
  readonly bytes: Uint8Array
  readonly cache: ResourceCache
  record: CachedObject | undefined
}

/**
 * Keeps the caches of all resources in step with the store by one watch over everything, so that one number says
 * how far all of them are. A write returns when the caches show it: whoever has been answered reads its own write,
 * and with an embedded store so does everybody else.
 */
export class Mirror {
  readonly decoded: DecodedObjects
  readonly store: MeasuredStore
  readonly #options: MirrorOptions
  readonly #caches = new Map<string, ResourceCache>()
  readonly #pending = new Map<string, PendingWrite[]>()
  readonly #waiters = new RevisionWaiters()
  readonly #closed = new AbortController()
  readonly #late: LateCaches
  #revision = 0
  #ready = false
  #running: Promise<void> | undefined

  constructor(options: MirrorOptions) {
    this.#options = options
    this.store = new MeasuredStore(options.storage, options.requests)
    this.decoded = new DecodedObjects(options.decodedBytes)
    this.#late = new LateCaches(this)
  }

  /** What is stored below a prefix of one kind: `pods`, `apps/deployments`. */
  cacheBelow(storagePrefix: string): ResourceCache | undefined {
    return this.#caches.get(storagePrefix)
  }

  /** Those of all that is served. */
  caches(): Iterable<ResourceCache> {
    return this.#caches.values()
  }

  /** Everything up to here is in the caches. */
  get revision(): number {
    return this.#revision
  }

  /** False before the first load, and while the caches are out of step with the store. */
  get ready(): boolean {
    return this.#ready
  }

  /** The store's newest revision. */
  newest(): Promise<number> {
    return this.#options.storage.currentRevision()
  }

  /** The cache for a stored kind; before `start`. */
  register(kind: KindDeclaration): ResourceCache {
    assert(kind.stored === undefined, `${kind.kind} is stored as another kind`)
    assert(!this.#caches.has(kind.storagePrefix), `two kinds are stored below ${kind.storagePrefix}`)
    const cache = new ResourceCache(kind, this.decoded, this.#options.history)
    this.#caches.set(kind.storagePrefix, cache)
    return cache
  }

  /** A cache that belongs to no mirror yet, or that is fed from another cache. */
  detachedCache(kind: KindDeclaration, layout?: Layout): ResourceCache {
    return new ResourceCache(kind, this.decoded, this.#options.history, layout)
  }

  /**
   * Loads a cache while the server runs and keeps it in step from then on; resolves when it is. Rejects with what
   * loading rejects with, and then leaves nothing behind.
   */
  async join(late: LateCache): Promise<void> {
    const { storagePrefix } = late.cache.kind
    assert(!this.#caches.has(storagePrefix), `two kinds are stored below ${storagePrefix}`)
    await this.#late.load(late, () => this.#caches.set(storagePrefix, late.cache))
  }

  /** The end of a cache that had joined: it changes no more, and whoever watches it has to start anew. */
  leave(cache: ResourceCache): void {
    if (this.#caches.get(cache.kind.storagePrefix) === cache) this.#caches.delete(cache.kind.storagePrefix)
    for (const consumer of cache.hub.consumers()) consumer.terminate()
  }

  /** Resolves when everything is loaded. */
  async start(): Promise<void> {
    await this.#load()
    this.#running = this.#follow()
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#running
    this.#waiters.fail(statusError('ServiceUnavailable', 'the server is shutting down'))
  }

  /** Resolves when the caches show `revision`; undefined: they do. */
  reached(revision: number): Promise<void> | undefined {
    return revision <= this.#revision ? undefined : this.#waiters.wait(revision)
  }

  /** As `reached`; rejects with what `late` gives after `timeoutMs`. */
  reachedWithin(revision: number, timeoutMs: number, late: () => Error): Promise<void> | undefined {
    if (revision <= this.#revision) return undefined
    return new Promise((resolve, reject) => {
      const timer = this.#options.host.schedule(timeoutMs, () => {
        leave()
        reject(late())
      })
      const leave = this.#waiters.add({
        revision,
        resolve: () => {
          timer.cancel()
          resolve()
        },
        reject: (error) => {
          timer.cancel()
          reject(error)
        },
      })
    })
  }

  /** Resolves when the caches show everything that had been acknowledged to anyone; undefined: they do. */
  fresh(): Promise<void> | undefined {
    if (!this.#options.shared) return undefined
    return this.#options.storage.currentRevision().then(
      (revision) => this.reached(revision),
      (error: unknown) => {
        throw fromStorageError(error)
      },
    )
  }

  /** Whether a write that changes nothing of an object would change what is stored. Throws what the store throws. */
  isOutdated(cache: ResourceCache, id: string): MaybePromise<boolean> {
    return cache.isOutdated(id) || (this.#options.storage.isStale?.(this.key(cache, id)) ?? false)
  }

  /**
   * Asks the store again for what nobody could read, since the key may be there by now: for one object, or, without
   * `id`, for one after another until one still cannot be read. Rejects with what the client is told.
   */
  async retryCorrupt(cache: ResourceCache, id?: string): Promise<void> {
    for (const each of id === undefined ? [...cache.corrupt.keys()] : [id]) {
      if (!cache.corrupt.has(each)) continue
      const entry = await this.store.get(cache, this.key(cache, each)).catch((error: unknown) => {
        throw fromStorageError(error)
      })
      // Of what has changed since, the watch will tell.
      if (entry === undefined || !cache.recover(each, entry.value, entry.modRevision)) return
    }
  }

  key(cache: ResourceCache, id: string): string {
    return `${registryPrefix}${cache.kind.storagePrefix}/${id}`
  }

  /**
   * Writes an object that must be at `revision` (0: absent). `object` is kept: its resource version does not
   * count, nothing of it may change. Throws what Storage.commit throws.
   */
  async put(
    cache: ResourceCache,
    id: string,
    object: KubernetesObject,
    revision: number,
    claims?: ClaimChange,
  ): Promise<CachedObject> {
    const { bytes, metadataLength } = cache.layout.store(object)
    checkObjectSize(bytes.length)
    const key = this.key(cache, id)
    const write: PendingWrite = { object, metadataLength, bytes, cache, record: undefined }
    this.#expect(key, write)
    const { timeToLiveMs } = cache.kind
    const put = { type: 'put', key, value: bytes } as const
    try {
      const lasting = timeToLiveMs === undefined ? put : { ...put, timeToLiveMs }
      const committed = await this.store.commit(cache, lasting, revision, claims)
      if (committed > this.#revision) await this.#waiters.wait(committed)
      // After everything was read anew, nobody knows any more that this write was ours.
      return write.record ?? cache.detached(id, bytes, metadataLength, committed)
    } finally {
      this.#forget(key, write)
    }
  }

  /** Deletes an object that must be at `revision`; gives the deletion's revision. */
  async remove(cache: ResourceCache, id: string, revision: number, claims?: ClaimChange): Promise<number> {
    const write = { type: 'delete', key: this.key(cache, id) } as const
    const committed = await this.store.commit(cache, write, revision, claims)
    if (committed > this.#revision) await this.#waiters.wait(committed)
    return committed
  }

  #expect(key: string, write: PendingWrite): void {
    const others = this.#pending.get(key)
    if (others === undefined) this.#pending.set(key, [write])
    else others.push(write)
  }

  #forget(key: string, write: PendingWrite): void {
    const writes = this.#pending.get(key)?.filter((other) => other !== write) ?? []
    if (writes.length === 0) this.#pending.delete(key)
    else this.#pending.set(key, writes)
  }

  async #load(): Promise<void> {
    const { storage, host } = this.#options
    const revision = await storage.currentRevision()
    for (const cache of this.#caches.values()) {
      const prefix = this.key(cache, '')
      const pages = this.store.pages(cache, prefix, revision)
      if (this.#ready) {
        const all: Entry[] = []
        for await (const page of pages) all.push(...page)
        cache.reset(revision)
        for (const entry of all) cache.load(entry.key.slice(prefix.length), entry.value, entry.modRevision)
        continue
      }
      cache.reset(revision)
      for await (const page of pages) {
        for (const entry of page) cache.load(entry.key.slice(prefix.length), entry.value, entry.modRevision)
        await host.nextTurn()
      }
    }
    this.#revision = revision
    this.#ready = true
    this.#late.reloaded()
    this.#waiters.reached(revision)
  }

  async #follow(): Promise<void> {
    const { logger, host } = this.#options
    const { signal } = this.#closed
    while (!signal.aborted) {
      try {
        await this.#applyAll()
      } catch (error) {
        if (signal.aborted) return
        logger.error('the watch over the store has failed; everything is read anew', { error })
      }
      try {
        if (!signal.aborted) {
          await sleep(host, reloadDelayMs, signal)
          await this.#load()
        }
      } catch (error) {
        if (!signal.aborted) logger.error('reading everything anew has failed', { error })
      }
    }
  }

  async #applyAll(): Promise<void> {
    const { storage, host } = this.#options
    const options = { after: this.#revision, signal: this.#closed.signal, previous: false }
    let sliceStartMs = host.monotonicMs()
    for await (const batch of storage.watch(registryPrefix, options)) {
      this.#apply(batch)
      if (host.monotonicMs() - sliceStartMs < sliceMs) continue
      await host.nextTurn()
      sliceStartMs = host.monotonicMs()
    }
  }

  #apply(batch: Batch): void {
    for (const change of batch.changes) this.#applyChange(change, batch.revision)
    this.#revision = batch.revision
    this.#waiters.reached(batch.revision)
  }

  #applyChange({ key, entry }: Change, revision: number): void {
    const write = entry === undefined ? undefined : this.#writeOf(key, entry.value)
    const cache = write?.cache ?? this.#cacheOf(key)
    if (cache === undefined) {
      this.#late.observe(key, entry, revision)
      return
    }
    cache.figures.received++
    const id = key.slice(registryPrefix.length + cache.kind.storagePrefix.length + 1)
    if (entry === undefined) cache.remove(id, revision)
    else {
      const record = cache.put(id, entry.value, entry.modRevision, write)
      if (write !== undefined) write.record = record
    }
  }

  #writeOf(key: string, value: Uint8Array): PendingWrite | undefined {
    return this.#pending
      .get(key)
      ?.find(({ bytes, record }) => record === undefined && (bytes === value || sameBytes(bytes, value)))
  }

  /** By the first one or two segments below the registry: `pods/…`, `services/specs/…`. */
  #cacheOf(key: string): ResourceCache | undefined {
    const first = key.indexOf('/', registryPrefix.length)
    const cache = this.#caches.get(key.slice(registryPrefix.length, first))
    if (cache !== undefined) return cache
    return this.#caches.get(key.slice(registryPrefix.length, key.indexOf('/', first + 1)))
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
