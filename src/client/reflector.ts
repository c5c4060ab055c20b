import type { KubernetesObject, WatchEvent } from '../apimachinery/meta.ts'
import { isStatus, StatusError } from '../apimachinery/status-error.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import { sleep } from '../base/sleep.ts'
import { BackOff, reflectorBackOff } from './back-off.ts'
import type { ResourceClient } from './client.ts'
import type { InformerOptions, ReflectorSink } from './informer.ts'

export interface ReflectorOptions<T extends KubernetesObject> {
  readonly client: ResourceClient<T>
  readonly selection: InformerOptions
  readonly host: Host
  readonly logger: Logger
  readonly sink: ReflectorSink<T>
  /** Told of each failure before it is tried again. */
  readonly onFailure?: (error: unknown) => void
}

/** Upstream asks the server to end a watch after five to ten minutes, so that connections spread. */
const leastWatchSeconds = 300

/** A watch that ends sooner, without an event, counts as a failure. */
const shortWatchMs = 1_000

const initialEventsEnd = 'k8s.io/initial-events-end'

/**
 * Follows one resource: the state, then its changes, resumed after a failure from where it was and afresh
 * where the server has forgotten that place (410). Streams the state (KEP-3157) and lists it from servers
 * that cannot.
 */
export class Reflector<T extends KubernetesObject> {
  readonly #options: ReflectorOptions<T>
  readonly #backOff: BackOff
  /** Undefined: the state has to be read (again). */
  #resourceVersion: string | undefined
  #canStreamState = true

  constructor(options: ReflectorOptions<T>) {
    this.#options = options
    this.#backOff = new BackOff(options.host, reflectorBackOff)
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const healthy = await this.#attempt(signal)
      if (!healthy && !signal.aborted) await sleep(this.#options.host, this.#backOff.next(), signal)
    }
  }

  /** One list or watch; false when the next one has to wait. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { host, client } = this.#options
    const startedMs = host.monotonicMs()
    const position = this.#resourceVersion
    try {
      if (position !== undefined) await this.#follow(position, signal)
      else if (this.#canStreamState) await this.#streamState(signal)
      else return await this.#list(signal)
    } catch (error) {
      if (signal.aborted) return true
      return this.#explain(error, host.monotonicMs() - startedMs)
    }
    if (this.#resourceVersion !== position || host.monotonicMs() - startedMs >= shortWatchMs) return true
    this.#options.logger.debug('a watch ended early', { resource: client.kind.resource })
    return false
  }

  /** Draws the consequences of an error: read the state again, list it instead of streaming it, or just try again. */
  #explain(error: unknown, lastedMs: number): boolean {
    const { logger, client } = this.#options
    const resource = client.kind.resource
    if (isStatus(error, 'Expired', 'Gone')) {
      logger.info('the place of a watch is too old: reading everything again', { resource })
      this.#resourceVersion = undefined
      return false
    }
    const starting = this.#resourceVersion === undefined
    if (starting && this.#canStreamState && isStatus(error, 'Invalid', 'BadRequest', 'NotAcceptable')) {
      logger.debug('the server cannot stream the state of a resource: listing it', { resource, error })
      this.#canStreamState = false
      return true
    }
    logger.warn('following a resource failed', { resource, error })
    this.#options.onFailure?.(error)
    return !starting && lastedMs >= shortWatchMs
  }

  async #list(signal: AbortSignal): Promise<boolean> {
    const { client, selection, sink } = this.#options
    const list = await client.list({ ...selection, resourceVersion: '0', signal })
    const resourceVersion = list.metadata.resourceVersion ?? ''
    await sink.replace(list.items, resourceVersion)
    this.#resourceVersion = resourceVersion
    return true
  }

  async #streamState(signal: AbortSignal): Promise<void> {
    const { client, selection } = this.#options
    const stream = client.watch({
      ...selection,
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: true,
      timeoutSeconds: this.#watchSeconds(),
      signal,
    })
    const state = new Map<string, T>()
    for await (const batch of stream) await this.#take(batch, state)
  }

  async #follow(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, selection } = this.#options
    const stream = client.watch({
      ...selection,
      resourceVersion,
      allowWatchBookmarks: true,
      timeoutSeconds: this.#watchSeconds(),
      signal,
    })
    for await (const batch of stream) await this.#take(batch, undefined)
  }

  /** `state` collects the initial events of a stream until their end is announced. */
  async #take(batch: readonly WatchEvent<T>[], state: Map<string, T> | undefined): Promise<void> {
    let from = 0
    for (let index = 0; index < batch.length; index++) {
      const event = batch[index]
      if (event === undefined) continue
      if (event.type === 'ERROR') {
        await this.#deliver(batch.slice(from, index))
        throw new StatusError(event.object)
      }
      if (this.#resourceVersion === undefined && state !== undefined) {
        from = index + 1
        if (event.type !== 'BOOKMARK') collect(state, event)
        else if (event.object.metadata?.annotations?.[initialEventsEnd] === 'true') {
          const resourceVersion = event.object.metadata.resourceVersion ?? ''
          await this.#options.sink.replace([...state.values()], resourceVersion)
          state.clear()
          this.#resourceVersion = resourceVersion
        }
      } else if (event.type === 'BOOKMARK') {
        await this.#deliver(batch.slice(from, index))
        from = index + 1
        this.#resourceVersion = event.object.metadata?.resourceVersion ?? this.#resourceVersion
        if (this.#resourceVersion !== undefined) this.#options.sink.progress(this.#resourceVersion)
      }
    }
    await this.#deliver(from === 0 ? batch : batch.slice(from))
  }

  async #deliver(events: readonly WatchEvent<T>[]): Promise<void> {
    const last = events.at(-1)
    if (last === undefined) return
    await this.#options.sink.apply(events)
    this.#resourceVersion = last.object.metadata?.resourceVersion ?? this.#resourceVersion
  }

  #watchSeconds(): number {
    return Math.floor(leastWatchSeconds * (1 + this.#options.host.random()))
  }
}

function collect<T extends KubernetesObject>(state: Map<string, T>, event: WatchEvent<T>): void {
  const { namespace = '', name = '' } = event.object.metadata ?? {}
  const key = `${namespace}/${name}`
  if (event.type === 'DELETED') state.delete(key)
  else state.set(key, event.object)
}
