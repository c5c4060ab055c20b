import type { KubernetesObject } from '../apimachinery/meta.ts'
import { isStatus } from '../apimachinery/status-error.ts'
import { assert } from '../base/assert.ts'
import type { Host, Timer } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import { sleep } from '../base/sleep.ts'
import type { Client } from '../client/client.ts'
import { createClient } from '../client/create-client.ts'
import type { Informer, InformerFactory, Lister } from '../client/informer.ts'
import {
  type AnyController,
  type AnyKind,
  type AnyWatch,
  type BackOff,
  type Caches,
  type EventRecorder,
  type Key,
  type ReconcileContext,
  RetryError,
} from './controller.ts'
import { controllerIndexers, controllerOf, keyOf, refersTo } from './owner-references.ts'
import { type ExpectedWrite, recordingTransport } from './recording-transport.ts'
import { WorkQueue } from './work-queue.ts'

export interface ControllerOptions {
  /** Whom the controller writes as. */
  readonly client: Client
  /** What it reads; may be shared by many controllers, and seen by another user. */
  readonly informers: InformerFactory
  readonly events: EventRecorder
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  /** Throws once the lease that allows writing is over; absent without leader election. */
  readonly checkLease?: () => void
}

/** A controller at work. Its informers are the factory's. */
export interface RunningController {
  readonly name: string
  /** Resolves when the caches are filled and the workers take keys; rejects when stopped before. */
  readonly ready: Promise<void>
  /** Lets the reconciles under way end, and starts no other. */
  stop(): Promise<void>
}

const defaultWorkers = 5

/** Of upstream's default controller rate limiter. */
const defaultBackOff: BackOff = { baseMs: 5, maxMs: 1_000_000 }

/** How long a key waits for the caches to show what its last reconcile has written: upstream's ExpectationsTimeout. */
const maxCacheWaitMs = 5 * 60_000

/** Between two questions for what an object has become. */
const askAgainMs = 1_000

const resourceOf = (kind: AnyKind): string =>
  kind.group === '' ? `${kind.version}/${kind.resource}` : `${kind.group}/${kind.version}/${kind.resource}`

interface Rest {
  isNeeded: boolean
  timer: Timer | undefined
}

class Harness implements RunningController {
  readonly ready: Promise<void>
  readonly #declaration: AnyController
  readonly #options: ControllerOptions
  readonly #logger: Logger
  readonly #queue: WorkQueue
  readonly #informers = new Map<string, Informer<KubernetesObject>>()
  readonly #syncs: Promise<unknown>[] = []
  readonly #writes = new Map<Key, ExpectedWrite[]>()
  readonly #resting = new Map<Key, Rest>()
  readonly #running = new Set<Promise<void>>()
  readonly #detach: (() => void)[] = []
  readonly #abort = new AbortController()
  readonly #caches: Caches
  readonly #watchContext: ReconcileContext
  #isReady = false
  /** Keys that were waited for, in the order in which their caches caught up. */
  readonly #caughtUp: Key[] = []
  /** Reconciles under way. */
  #busy = 0
  #pumping = false

  constructor(declaration: AnyController, options: ControllerOptions) {
    const { name } = declaration
    this.#declaration = declaration
    this.#options = options
    this.#logger = options.logger.child({ controller: name })
    this.#queue = new WorkQueue({
      ...options,
      name,
      backOff: declaration.backOff ?? defaultBackOff,
      onReady: () => this.#pump(),
    })
    this.#caches = { of: (kind) => this.#lister(kind) }
    this.#watchContext = this.#context(undefined)
    this.#follow()
    declaration.setUp?.({
      informers: options.informers,
      host: options.host,
      logger: this.#logger,
      metrics: options.metrics,
      events: options.events,
      signal: this.#abort.signal,
      enqueue: (key, delayMs = 0) => this.#queue.addAfter(key, delayMs),
      waitFor: (synced) => this.#syncs.push(synced),
    })
    this.ready = this.#start()
    this.ready.catch(() => {})
  }

  get #workers(): number {
    return this.#declaration.workers ?? defaultWorkers
  }

  get name(): string {
    return this.#declaration.name
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#queue.close()
    for (const detach of this.#detach) detach()
    for (const { timer } of this.#resting.values()) timer?.cancel()
    await Promise.all(this.#running)
  }

  async #start(): Promise<void> {
    const { signal } = this.#abort
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error(`controller ${this.name} is stopped`)))
    })
    await Promise.race([stopped, Promise.all(this.#syncs)])
    this.#isReady = true
    this.#logger.debug('a controller has its caches filled')
    this.#pump()
  }

  #follow(): void {
    const { reconciles, owns = [], watches = [], reads = [], indexers = [], when } = this.#declaration
    if (reconciles !== undefined) {
      this.#listen(reconciles, (object, old) => {
        const changed = object ?? old
        if (changed !== undefined && (when === undefined || when(object, old))) this.#add(keyOf(changed))
      })
      for (const kind of owns) {
        this.#informer(kind).addIndexers(controllerIndexers)
        this.#listen(kind, (object, old) => this.#addOwners(reconciles, object, old))
      }
    }
    for (const kind of reads) this.#informer(kind)
    for (const { kind, indexers: functions } of indexers) this.#informer(kind).addIndexers(functions)
    for (const watch of watches)
      this.#listen(watch.kind, (object, old) => this.#addWatched(watch, object, old))
  }

  #informer(kind: AnyKind): Informer<KubernetesObject> {
    const resource = resourceOf(kind)
    const existing = this.#informers.get(resource)
    if (existing !== undefined) return existing
    const selection = this.#declaration.watches?.find(
      (watch) => resourceOf(watch.kind) === resource && watch.selection !== undefined,
    )?.selection
    const informer = this.#options.informers.informer<KubernetesObject>(kind, selection)
    this.#informers.set(resource, informer)
    this.#syncs.push(informer.whenSynced())
    return informer
  }

  #lister<T extends KubernetesObject>(kind: AnyKind): Lister<T> {
    const informer = this.#informers.get(resourceOf(kind))
    assert(informer, `controller ${this.name} reads ${kind.resource} without declaring it`)
    // The informer was asked for with the same kind.
    return informer.lister as Lister<T>
  }

  #listen(
    kind: AnyKind,
    handler: (object: KubernetesObject | undefined, old: KubernetesObject | undefined) => void,
  ): void {
    this.#detach.push(this.#informer(kind).onChange(handler))
  }

  #addOwners(kind: AnyKind, object: KubernetesObject | undefined, old: KubernetesObject | undefined): void {
    for (const state of [object, old]) {
      const reference = state && controllerOf(state)
      if (reference === undefined || !refersTo(reference, kind)) continue
      const namespace = kind.namespaced ? state?.metadata?.namespace : undefined
      this.#add(namespace === undefined ? reference.name : `${namespace}/${reference.name}`)
    }
  }

  #addWatched(
    watch: AnyWatch,
    object: KubernetesObject | undefined,
    old: KubernetesObject | undefined,
  ): void {
    if (watch.when !== undefined && !watch.when(object, old)) return
    for (const state of [object, old]) {
      if (state === undefined) continue
      for (const key of watch.keys(state, this.#watchContext)) {
        if (watch.delayMs === undefined) this.#add(key)
        else this.#queue.addAfter(key, watch.delayMs)
      }
    }
  }

  /** A key that is being reconciled, or was just now, comes back only after its rest. */
  #add(key: Key): void {
    const rest = this.#resting.get(key)
    if (rest === undefined) this.#queue.add(key)
    else rest.isNeeded = true
  }

  #context(key: Key | undefined): ReconcileContext {
    const { client, events, host, metrics, checkLease } = this.#options
    const transport = recordingTransport({
      transport: client.transport,
      checkWrite: () => {
        this.#abort.signal.throwIfAborted()
        checkLease?.()
      },
      onWrite: (write) => {
        if (key !== undefined) this.#expect(key, write)
      },
    })
    return {
      cache: this.#caches,
      api: createClient(transport),
      events,
      host,
      metrics,
      logger: key === undefined ? this.#logger : this.#logger.child({ key }),
      signal: this.#abort.signal,
    }
  }

  #expect(key: Key, write: ExpectedWrite): void {
    if (!this.#informers.has(write.resource)) return
    const writes = this.#writes.get(key)
    if (writes === undefined) this.#writes.set(key, [write])
    else writes.push(write)
  }

  /** Starts what can be started, in a later turn: changes that come together are looked at together. */
  #pump(): void {
    if (this.#pumping || !this.#isReady || this.#queue.depth + this.#caughtUp.length === 0) return
    if (this.#busy >= this.#workers) return
    this.#pumping = true
    void this.#options.host.nextTurn().then(() => {
      this.#pumping = false
      while (this.#busy < this.#workers && this.#startNext());
    })
  }

  /** A key whose caches are behind is nobody's work until they are not; it may be long. */
  #startNext(): boolean {
    const waited = this.#caughtUp.shift()
    if (waited !== undefined) {
      this.#begin(waited)
      return true
    }
    const key = this.#queue.take()
    if (key === undefined) return false
    if (this.#writes.has(key)) this.#track(this.#await(key))
    else this.#begin(key)
    return true
  }

  #begin(key: Key): void {
    this.#busy++
    const work = this.#work(key).finally(() => {
      this.#busy--
      this.#pump()
    })
    this.#track(work)
  }

  #track(work: Promise<void>): void {
    const followed = work.finally(() => this.#running.delete(followed))
    this.#running.add(followed)
  }

  async #await(key: Key): Promise<void> {
    await this.#catchUp(key)
    if (this.#abort.signal.aborted) this.#queue.done(key)
    else if (this.#busy < this.#workers) this.#begin(key)
    else this.#caughtUp.push(key)
  }

  async #work(key: Key): Promise<void> {
    try {
      if (this.#abort.signal.aborted) return
      this.#startRest(key)
      const { requeueAfterMs } = await this.#declaration.reconcile(key, this.#context(key))
      this.#queue.forget(key)
      if (requeueAfterMs !== undefined) this.#queue.addAfter(key, requeueAfterMs)
    } catch (error) {
      this.#retry(key, error)
    } finally {
      this.#endRest(key)
      this.#queue.done(key)
    }
  }

  #retry(key: Key, error: unknown): void {
    if (this.#abort.signal.aborted) return
    const failures = this.#queue.addRateLimited(key)
    // Somebody else was faster, say: no news, the caches will show it.
    if (error instanceof RetryError || isStatus(error, 'Conflict', 'AlreadyExists')) {
      this.#logger.debug('a reconcile came too early and is tried again', { key, failures, error })
    } else {
      this.#logger.warn('a reconcile failed and is tried again', { key, failures, error })
    }
  }

  /** From the start of a reconcile until `spacingMs` after its end, what happens to the key is only noted. */
  #startRest(key: Key): void {
    if (this.#declaration.spacingMs === undefined) return
    this.#resting.get(key)?.timer?.cancel()
    this.#resting.set(key, { isNeeded: false, timer: undefined })
  }

  #endRest(key: Key): void {
    const rest = this.#resting.get(key)
    const { spacingMs } = this.#declaration
    if (rest === undefined || spacingMs === undefined || this.#abort.signal.aborted) return
    rest.timer = this.#options.host.schedule(spacingMs, () => {
      this.#resting.delete(key)
      if (rest.isNeeded) this.#queue.add(key)
    })
  }

  /** Waits, within a bound, until the caches show everything that the key's last reconcile has written. */
  async #catchUp(key: Key): Promise<void> {
    const writes = this.#writes.get(key)
    if (writes === undefined) return
    this.#writes.delete(key)
    const { signal } = this.#abort
    const { promise: aborted, resolve } = Promise.withResolvers<readonly boolean[]>()
    const giveUp = (): void => resolve([])
    signal.addEventListener('abort', giveUp, { once: true })
    const shown = Promise.all(writes.map((write) => this.#isShown(write)))
    const reached = await Promise.race([shown, aborted])
    signal.removeEventListener('abort', giveUp)
    if (reached.includes(false)) {
      this.#logger.warn('the caches do not show what was written: going on without', { key })
    }
  }

  async #isShown(write: ExpectedWrite): Promise<boolean> {
    const { uncertainPath } = write
    const expected = uncertainPath === undefined ? write : await this.#learn(uncertainPath)
    if (expected === undefined) return true
    return this.#informers.get(write.resource)?.waitFor(expected, maxCacheWaitMs) ?? true
  }

  /** Asks for the revision of an object that may have been written; undefined: there is nothing to wait for. */
  async #learn(path: string): Promise<Pick<ExpectedWrite, 'resourceVersion'> | undefined> {
    const { client, host } = this.#options
    const { signal } = this.#abort
    const endMs = host.monotonicMs() + maxCacheWaitMs
    while (!signal.aborted && host.monotonicMs() < endMs) {
      try {
        const { body } = await client.transport.request({ method: 'GET', path, signal })
        const { metadata } = body as KubernetesObject
        return { resourceVersion: Number(metadata?.resourceVersion) }
      } catch (error) {
        // Gone, or not ours to read: the caches are all there is.
        if (isStatus(error, 'NotFound', 'Forbidden')) return undefined
        await sleep(host, askAgainMs, signal)
      }
    }
    return undefined
  }
}

/** Runs a declared controller until it is stopped. */
export function startController(declaration: AnyController, options: ControllerOptions): RunningController {
  return new Harness(declaration, options)
}
