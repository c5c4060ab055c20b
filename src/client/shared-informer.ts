import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject, WatchEvent } from '../apimachinery/meta.ts'
import { shareParts } from '../apimachinery/share-parts.ts'
import type { Host, Timer } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import { LruMap } from '../base/lru-map.ts'
import type { ResourceClient } from './client.ts'
import type { ChangeHandler, Indexers, Informer, InformerOptions, Lister, ReflectorSink } from './informer.ts'
import { ObjectCache } from './object-cache.ts'
import { Reflector } from './reflector.ts'

export interface SharedInformerOptions<T extends KubernetesObject> {
  readonly client: ResourceClient<T>
  readonly selection: InformerOptions
  readonly host: Host
  readonly logger: Logger
}

interface Waiter {
  readonly resourceVersion: number
  readonly deletedUid: string | undefined
  readonly settle: (reached: boolean) => void
}

/** Changes handled in one turn of the event loop; the rest of a big list lets others go first. */
const changesPerTurn = 500
const maxExamples = 64

/** The informer that a factory hands out; `start` and `stop` are the factory's. */
export class SharedInformer<T extends KubernetesObject> implements Informer<T>, ReflectorSink<T> {
  readonly kind: KindDeclaration<T>
  readonly #options: SharedInformerOptions<T>
  readonly #cache = new ObjectCache<T>()
  /** The newest object of each owner, or of each namespace. */
  readonly #examples = new LruMap<string, T>(maxExamples)
  readonly #handlers = new Set<ChangeHandler<T>>()
  readonly #waiters = new Set<Waiter>()
  readonly #abort = new AbortController()
  readonly #firstSync = Promise.withResolvers<void>()
  #resourceVersion = 0
  #synced = false
  #failure: unknown
  #running: Promise<void> | undefined

  constructor(options: SharedInformerOptions<T>) {
    this.kind = options.client.kind
    this.#options = options
    // Nobody has to wait for a synchronization that a stop prevents.
    this.#firstSync.promise.catch(() => {})
  }

  get lister(): Lister<T> {
    return this.#cache
  }

  get synced(): boolean {
    return this.#synced
  }

  /** Why the cache is not filled yet, where reading the state has failed. */
  get hindrance(): unknown {
    return this.#synced ? undefined : this.#failure
  }

  get resourceVersion(): number {
    return this.#resourceVersion
  }

  start(): void {
    const reflector = new Reflector<T>({
      ...this.#options,
      sink: this,
      onFailure: (error) => {
        this.#failure = error
      },
    })
    this.#running ??= reflector.run(this.#abort.signal)
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    for (const waiter of this.#waiters) waiter.settle(false)
    this.#firstSync.reject(new Error(`the informer of ${this.kind.resource} is stopped`))
    await this.#running
  }

  whenSynced(): Promise<void> {
    return this.#firstSync.promise
  }

  addIndexers(indexers: Indexers<T>): void {
    this.#cache.addIndexers(indexers)
  }

  onChange(handler: ChangeHandler<T>): () => void {
    this.#handlers.add(handler)
    for (const object of this.#cache.list()) this.#call(handler, object, undefined)
    return () => {
      this.#handlers.delete(handler)
    }
  }

  waitFor(
    expected: { readonly resourceVersion?: number; readonly deletedUid?: string },
    timeoutMs: number,
  ): Promise<boolean> {
    const { resourceVersion = 0, deletedUid } = expected
    if (this.#reached(resourceVersion, deletedUid)) return Promise.resolve(true)
    if (this.#abort.signal.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      let timer: Timer | undefined
      const waiter: Waiter = {
        resourceVersion,
        deletedUid,
        settle: (reached) => {
          timer?.cancel()
          this.#waiters.delete(waiter)
          resolve(reached)
        },
      }
      timer = this.#options.host.schedule(timeoutMs, () => waiter.settle(false))
      this.#waiters.add(waiter)
    })
  }

  async replace(objects: readonly T[], resourceVersion: string): Promise<void> {
    const kept = new Set<T>()
    let changes = 0
    for (const object of objects) {
      const { namespace = '', name = '', resourceVersion: version } = object.metadata ?? {}
      const known = this.#cache.get(namespace, name)
      if (known !== undefined && known.metadata?.resourceVersion === version) {
        kept.add(known)
        continue
      }
      kept.add(this.#put(object))
      if (++changes % changesPerTurn === 0) await this.#options.host.nextTurn()
    }
    for (const object of this.#cache.list()) {
      if (kept.has(object)) continue
      this.#drop(object)
      if (++changes % changesPerTurn === 0) await this.#options.host.nextTurn()
    }
    if (!this.#synced) {
      this.#synced = true
      this.#firstSync.resolve()
    }
    this.progress(resourceVersion)
  }

  async apply(events: readonly WatchEvent<T>[]): Promise<void> {
    let changes = 0
    for (const event of events) {
      if (event.type === 'DELETED') this.#drop(event.object)
      else this.#put(event.object)
      if (++changes % changesPerTurn === 0) await this.#options.host.nextTurn()
    }
    this.progress(events.at(-1)?.object.metadata?.resourceVersion ?? '')
  }

  progress(resourceVersion: string): void {
    const revision = Number(resourceVersion)
    if (revision > this.#resourceVersion) this.#resourceVersion = revision
    for (const waiter of this.#waiters) {
      if (this.#reached(waiter.resourceVersion, waiter.deletedUid)) waiter.settle(true)
    }
  }

  #reached(resourceVersion: number, deletedUid: string | undefined): boolean {
    if (!this.#synced || this.#resourceVersion < resourceVersion) return false
    return deletedUid === undefined || !this.#cache.hasUid(deletedUid)
  }

  /** Gives what is kept of it. */
  #put(sent: T): T {
    const object = this.#shared(withoutManagedFields(sent))
    const old = this.#cache.set(object)
    // A name that was deleted and created again while nobody looked: two changes, not one.
    if (old !== undefined && old.metadata?.uid !== object.metadata?.uid) {
      this.#notify(undefined, old)
      this.#notify(object, undefined)
    } else {
      this.#notify(object, old)
    }
    return object
  }

  /** An object's next state has most in common with its last, a new object with its siblings. */
  #shared(object: T): T {
    const { namespace = '', name = '', ownerReferences } = object.metadata ?? {}
    const family = ownerReferences?.[0]?.uid ?? namespace
    const known = this.#cache.get(namespace, name) ?? this.#examples.get(family)
    const shared = known === undefined ? object : shareParts(object, known)
    this.#examples.set(family, shared)
    return shared
  }

  #drop(object: T): void {
    const { namespace = '', name = '' } = object.metadata ?? {}
    if (this.#cache.remove(namespace, name) !== undefined) this.#notify(undefined, object)
  }

  #notify(object: T | undefined, old: T | undefined): void {
    for (const handler of this.#handlers) this.#call(handler, object, old)
  }

  #call(handler: ChangeHandler<T>, object: T | undefined, old: T | undefined): void {
    try {
      handler(object, old)
    } catch (error) {
      this.#options.logger.error('a handler of changes failed', { resource: this.kind.resource, error })
    }
  }
}

/** No component looks at them, and they are most of what a pod takes; upstream's informers drop them, too. A write without them leaves them as they are. */
function withoutManagedFields<T extends KubernetesObject>(object: T): T {
  if (object.metadata?.managedFields === undefined) return object
  const { managedFields: _dropped, ...metadata } = object.metadata
  return { ...object, metadata }
}
