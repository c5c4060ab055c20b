import type { GrpcConnection } from '../../grpc/grpc-connection.ts'
import { podUidLabel } from '../labels.ts'
import type { ListObserver, Runtime } from '../runtime.ts'
import { watchTaskExits } from './containerd-events.ts'

/** Upstream's period of its pod lifecycle event generator; with a stream of events lists only make up for what it lost. */
const listEveryMs = 1_000
const listEveryWithEventsMs = 10_000
/** The runtime's own view follows its events, by seconds where it is busy: look soon, then again. */
const afterEventMs = [15, 100, 400, 1_000, 2_000]
const resubscribeMs = 5_000

/** Notices that pods changed by themselves: told by the runtime's events where it has some, found by listing otherwise. */
export class PodWatcher {
  readonly #runtime: Pick<Runtime, 'listPodSandbox' | 'listContainers'>
  readonly #connection: GrpcConnection
  readonly #handlers = new Set<(podUid: string) => void>()
  #known: ReadonlyMap<string, string> | undefined
  #timer: NodeJS.Timeout | undefined
  #endStream: (() => void) | undefined
  #resubscribe: NodeJS.Timeout | undefined
  #hasEvents = false
  #listing = false
  #soon: readonly number[] = []
  #stopped = false
  /** Told of every list that has come to its end. */
  onList: ListObserver = () => {}

  constructor(runtime: Pick<Runtime, 'listPodSandbox' | 'listContainers'>, connection: GrpcConnection) {
    this.#runtime = runtime
    this.#connection = connection
  }

  onPodChange(handler: (podUid: string) => void): () => void {
    if (this.#handlers.size === 0) this.#start()
    this.#handlers.add(handler)
    return () => {
      this.#handlers.delete(handler)
      if (this.#handlers.size === 0) this.#pause()
    }
  }

  stop(): void {
    this.#stopped = true
    this.#pause()
  }

  #start(): void {
    this.#subscribe()
    this.#schedule(0)
  }

  #pause(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#resubscribe)
    this.#endStream?.()
    this.#endStream = undefined
    this.#hasEvents = false
  }

  #subscribe(): void {
    this.#hasEvents = true
    const onExit = (): void => {
      this.#soon = afterEventMs
      this.#schedule(this.#nextDelayMs())
    }
    this.#endStream = watchTaskExits(this.#connection, onExit, (error) => {
      this.#hasEvents = false
      this.#endStream = undefined
      if (this.#stopped || this.#handlers.size === 0) return
      this.#schedule(listEveryMs)
      if (error?.code === 'Unimplemented') return
      this.#resubscribe = setTimeout(() => this.#subscribe(), resubscribeMs)
    })
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#list(), delayMs)
  }

  #nextDelayMs(): number {
    const [next, ...later] = this.#soon
    if (next !== undefined) {
      this.#soon = later
      return next
    }
    return this.#hasEvents ? listEveryWithEventsMs : listEveryMs
  }

  async #list(): Promise<void> {
    if (this.#listing) return
    this.#listing = true
    const atMs = Date.now()
    const fromMs = performance.now()
    try {
      const now = await this.#signatures()
      this.onList({ atMs, tookMs: performance.now() - fromMs })
      const before = this.#known
      this.#known = now
      if (before !== undefined) {
        for (const uid of new Set([...before.keys(), ...now.keys()])) {
          if (before.get(uid) !== now.get(uid)) for (const handler of this.#handlers) handler(uid)
        }
      }
    } catch {
      // A runtime that does not answer makes the node unready; what changed meanwhile shows in the next list.
    } finally {
      this.#listing = false
      if (this.#handlers.size > 0) this.#schedule(this.#nextDelayMs())
    }
  }

  /** By pod: the states of all that it has. */
  async #signatures(): Promise<ReadonlyMap<string, string>> {
    const [sandboxes, containers] = await Promise.all([
      this.#runtime.listPodSandbox({}),
      this.#runtime.listContainers({}),
    ])
    const parts = new Map<string, string[]>()
    for (const { id, state, labels } of [...sandboxes, ...containers]) {
      const uid = labels[podUidLabel]
      if (uid === undefined) continue
      const list = parts.get(uid)
      if (list === undefined) parts.set(uid, [`${id}=${state}`])
      else list.push(`${id}=${state}`)
    }
    return new Map([...parts].map(([uid, list]) => [uid, list.sort().join()]))
  }
}
