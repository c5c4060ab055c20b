import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Gauge, Metrics } from '../../base/metrics.ts'
import { sleep } from '../../base/sleep.ts'
import type { Rejection } from '../admission/admit-pod.ts'
import type { NodeEvent } from '../node/node-events.ts'
import type { PodWorker } from '../pod/pod-worker.ts'
import { type ShutdownGroup, type ShutdownPeriod, shutdownGroups, totalSeconds } from './shutdown-periods.ts'

/** Who tells that the machine is to be switched off, and waits until the node is ready for that. */
export interface ShutdownSignal {
  /** `take`: it is to be switched off, or is not after all. Rejects where nobody tells. Returns what ends it. */
  watch(delaySeconds: number, take: (isEnding: boolean) => void): Promise<() => Promise<void>>
  /** The machine may go now. */
  release(): Promise<void>
}

export interface ShutdownManagerOptions {
  readonly host: Host
  readonly logger: Logger
  readonly metrics?: Metrics | undefined
  readonly periods: readonly ShutdownPeriod[]
  readonly signal: ShutdownSignal
  readonly nodeEvent: NodeEvent
  readonly workers: () => readonly PodWorker[]
  /** The node's conditions are others than before. */
  readonly onChange: () => void
}

const reason = 'Terminated'
const message = 'Pod was terminated in response to imminent node shutdown.'
const lookEveryMs = 100
const retryMs = 1_000

/** Ends pods before the machine is switched off, the less important first (KEP-2000, KEP-2712). */
export class ShutdownManager {
  readonly #options: ShutdownManagerOptions
  readonly #abort = new AbortController()
  readonly #times: readonly [start: Gauge, end: Gauge] | undefined
  #isEnding = false
  #done: Promise<void> = Promise.resolve()
  #ending: Promise<void> = Promise.resolve()

  constructor(options: ShutdownManagerOptions) {
    this.#options = options
    const { metrics } = options
    const gauge = (name: 'start' | 'end', what: string): Gauge | undefined =>
      metrics?.gauge({
        name: `kubelet_graceful_shutdown_${name}_time_seconds`,
        help: `[ALPHA] Last graceful shutdown ${what} time since unix epoch in seconds`,
      })
    const [start, end] = [gauge('start', 'start'), gauge('end', 'end')]
    this.#times = start === undefined || end === undefined ? undefined : [start, end]
  }

  /** Why the node is not ready. */
  get error(): string | undefined {
    return this.#isEnding ? 'node is shutting down' : undefined
  }

  /** A node that ends takes nobody. */
  admit(): Rejection | undefined {
    if (!this.#isEnding) return undefined
    return { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' }
  }

  start(): void {
    if (this.#options.periods.length > 0) this.#done = this.#watch()
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#done
    await this.#ending
  }

  async #watch(): Promise<void> {
    const { host, logger, periods, signal } = this.#options
    const over = this.#abort.signal
    while (!over.aborted) {
      try {
        const end = await signal.watch(totalSeconds(periods), (isEnding) => this.#take(isEnding))
        if (over.aborted) await end()
        else over.addEventListener('abort', () => void end(), { once: true })
        return
      } catch (error) {
        logger.warn('nobody tells when the machine is switched off', { error: messageOf(error) })
        await sleep(host, retryMs, over)
      }
    }
  }

  #take(isEnding: boolean): void {
    const { nodeEvent, onChange } = this.#options
    const what = isEnding ? 'shutdown event' : 'shutdown cancellation'
    nodeEvent('Normal', 'Shutdown', `Shutdown manager detected ${what}`)
    if (isEnding === this.#isEnding) return
    this.#isEnding = isEnding
    onChange()
    if (isEnding) this.#ending = this.#end()
  }

  async #end(): Promise<void> {
    const { host, logger, periods, signal, workers } = this.#options
    this.#times?.[0].set(host.now() / 1000)
    const active = workers().filter((worker) => !worker.hasEnded && !worker.isTerminated)
    for (const group of shutdownGroups(periods, active, ({ pod }) => pod)) await this.#endGroup(group)
    this.#times?.[1].set(host.now() / 1000)
    await signal.release().catch((error: unknown) => {
      logger.warn('the machine could not be told to go', { error: messageOf(error) })
    })
  }

  async #endGroup({ seconds, members }: ShutdownGroup<PodWorker>): Promise<void> {
    const { host } = this.#options
    for (const worker of members) {
      const own = worker.pod.spec?.terminationGracePeriodSeconds ?? seconds
      worker.fail({ reason, message, graceSeconds: Math.min(own, seconds), isDisruption: true })
    }
    const endMs = host.monotonicMs() + seconds * 1000
    while (!this.#abort.signal.aborted && host.monotonicMs() < endMs) {
      if (members.every(({ isTerminated }) => isTerminated)) return
      await sleep(host, lookEveryMs, this.#abort.signal)
    }
  }
}
