import { qosClass } from '../../api/core/pod/qos-class.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Counter, Metrics } from '../../base/metrics.ts'
import { sleep } from '../../base/sleep.ts'
import type { Rejection } from '../admission/admit-pod.ts'
import type { Machine } from '../node/machine.ts'
import type { NodeEvent } from '../node/node-events.ts'
import type { EventSink } from '../pod/pod-context.ts'
import type { PodVerdict } from '../pod/pod-verdict.ts'
import type { PodWorker } from '../pod/pod-worker.ts'
import { podUidLabel } from '../runtime/labels.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { isCriticalPod } from '../static/critical-pod.ts'
import { admitUnderPressure } from './admit-under-pressure.ts'
import { evictionMessage } from './eviction-message.ts'
import { hasStorageLimit, storageExcess } from './local-storage.ts'
import { type FilesUsage, type PodUsage, podUsage } from './pod-usage.ts'
import { rankPods } from './rank-pods.ts'
import { reclaim } from './reclaim.ts'
import {
  defaultEviction,
  type EvictionSettings,
  type PressureCondition,
  resourceOf,
  type Threshold,
} from './thresholds.ts'
import { isMet, noMemory, type Observations, observe, watchSignals } from './watch-signals.ts'

type Pod = core.v1.Pod

export interface EvictionManagerOptions {
  readonly host: Host
  readonly logger: Logger
  readonly events: EventSink
  readonly runtime: Runtime
  readonly machine: Machine
  readonly memoryBytes: number
  readonly settings?: EvictionSettings | undefined
  /** Images that stay, although no container is made of them. */
  readonly keptImages: readonly string[]
  readonly metrics?: Metrics | undefined
  readonly nodeEvent: NodeEvent
  readonly workers: () => readonly PodWorker[]
  readonly filesUsage: (pod: Pod) => Promise<FilesUsage>
  readonly processesOf: (pod: Pod) => Promise<number>
  /** The node's conditions are others than before. */
  readonly onChange: () => void
}

/** Upstream's monitoring interval, and how it waits for those that were evicted. */
const lookEveryMs = 10_000
const cleanUpLookMs = 1_000
const cleanUpTimeoutMs = 30_000
/** What a pod gets to end by itself where a hard threshold is met. */
const hardGraceSeconds = 1
const evictedReason = 'Evicted'

/**
 * Watches what the machine has left, and ends pods before it has nothing: one at a time, those that use more than they
 * asked for first (https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/).
 */
export class EvictionManager {
  readonly #options: EvictionManagerOptions
  readonly #settings: EvictionSettings
  readonly #evictions: Counter | undefined
  readonly #abort = new AbortController()
  #memory = noMemory
  #conditions: ReadonlySet<PressureCondition> = new Set()
  #done: Promise<void> = Promise.resolve()

  constructor(options: EvictionManagerOptions) {
    this.#options = options
    this.#settings = options.settings ?? defaultEviction
    this.#evictions = options.metrics?.counter({
      name: 'kubelet_evictions',
      help: 'Cumulative number of pod evictions by eviction signal',
      labels: ['eviction_signal'],
    })
  }

  /** What the node shows. */
  get conditions(): ReadonlySet<PressureCondition> {
    return this.#conditions
  }

  /** Why a node under pressure does not take the pod. */
  admit(pod: Pod): Rejection | undefined {
    return isCriticalPod(pod) ? undefined : admitUnderPressure(pod, this.#conditions, qosClass(pod))
  }

  start(): void {
    this.#done = this.#run()
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#done
  }

  async #run(): Promise<void> {
    const { host, logger } = this.#options
    const { signal } = this.#abort
    while (!signal.aborted) {
      let evicted: readonly PodWorker[] = []
      try {
        evicted = await this.#look()
      } catch (error) {
        logger.warn('what the machine has left could not be looked at', { error: messageOf(error) })
      }
      if (evicted.length > 0) await this.#waitFor(evicted)
      else await sleep(host, lookEveryMs, signal)
    }
  }

  /** The pods that had to go. */
  async #look(): Promise<readonly PodWorker[]> {
    const { host } = this.#options
    const seen = await this.#observe()
    const watched = watchSignals(this.#settings, this.#memory, seen, host.monotonicMs())
    this.#memory = watched.memory
    const isSame =
      watched.conditions.size === this.#conditions.size &&
      [...watched.conditions].every((condition) => this.#conditions.has(condition))
    this.#conditions = watched.conditions
    if (!isSame) this.#options.onChange()
    const beyond = await this.#endThoseBeyondTheirLimits()
    if (beyond.length > 0) return beyond
    const [threshold] = watched.met
    return threshold === undefined ? [] : this.#relieve(threshold, watched.met, seen)
  }

  async #observe(): Promise<Observations> {
    return observe(await this.#options.machine.state(), this.#options.memoryBytes)
  }

  /** First what no pod needs, then a pod. */
  async #relieve(
    threshold: Threshold,
    met: readonly Threshold[],
    seen: Observations,
  ): Promise<readonly PodWorker[]> {
    const { nodeEvent, logger, runtime, keptImages, workers } = this.#options
    const resource = resourceOf(threshold.signal)
    nodeEvent('Warning', 'EvictionThresholdMet', `Attempting to reclaim ${resource}`)
    if (resource === 'ephemeral-storage' || resource === 'inodes') {
      const ended = workers().filter(({ isTerminated }) => isTerminated)
      const uids = new Set(ended.map(({ pod }) => pod.metadata?.uid ?? ''))
      await reclaim(runtime, uids, keptImages, (error) =>
        logger.warn('not all that is unused could be removed', { error: messageOf(error) }),
      )
      const now = await this.#observe()
      if (!this.#settings.thresholds.some((each) => isMet(each, now, true))) return []
    }
    const active = this.#active()
    const usages = new Map<Pod, PodUsage | undefined>()
    for (const { pod } of active) usages.set(pod, await this.#usage(pod).catch(() => undefined))
    const hasImageFs = (await this.#options.machine.state()).imageFs !== undefined
    const ranked = rankPods(
      [...usages].map(([pod, usage]) => ({ pod, usage })),
      threshold.signal,
      hasImageFs,
    )
    const victim = ranked.find((pod) => !isCriticalPod(pod))
    const worker = active.find(({ pod }) => pod === victim)
    if (victim === undefined || worker === undefined) return []
    const grace = Math.min(
      this.#settings.maxPodGraceSeconds,
      victim.spec?.terminationGracePeriodSeconds ?? this.#settings.maxPodGraceSeconds,
    )
    const graceSeconds = threshold.graceMs === 0 ? hardGraceSeconds : grace
    const message = evictionMessage(victim, usages.get(victim), resource, met, seen)
    this.#evict(worker, threshold.signal, { graceSeconds, message, isDisruption: true })
    return [worker]
  }

  async #endThoseBeyondTheirLimits(): Promise<readonly PodWorker[]> {
    const limited = this.#active().filter(({ pod }) => hasStorageLimit(pod) && !isCriticalPod(pod))
    if (limited.length === 0) return []
    const hasImageFs = (await this.#options.machine.state()).imageFs !== undefined
    const ended: PodWorker[] = []
    for (const worker of limited) {
      const usage = await this.#usage(worker.pod).catch(() => undefined)
      const excess = usage && storageExcess(worker.pod, usage, hasImageFs)
      if (excess === undefined) continue
      this.#evict(worker, excess.signal, { graceSeconds: hardGraceSeconds, message: excess.message })
      ended.push(worker)
    }
    return ended
  }

  #active(): readonly PodWorker[] {
    return this.#options.workers().filter((worker) => !worker.isTerminated && !worker.isEnding)
  }

  async #usage(pod: Pod): Promise<PodUsage> {
    const { runtime, filesUsage, processesOf } = this.#options
    const labelSelector = { [podUidLabel]: pod.metadata?.uid ?? '' }
    const [stats, files, processes] = await Promise.all([
      runtime.listContainerStats({ labelSelector }),
      filesUsage(pod),
      processesOf(pod),
    ])
    return podUsage(stats, files, processes)
  }

  #evict(worker: PodWorker, signal: string, verdict: Omit<PodVerdict, 'reason'>): void {
    const { events, logger } = this.#options
    const { pod } = worker
    logger.info('a pod is evicted', { pod: pod.metadata?.name, namespace: pod.metadata?.namespace, signal })
    events.event(pod, 'Warning', evictedReason, verdict.message)
    this.#evictions?.inc([signal])
    worker.fail({ ...verdict, reason: evictedReason, removesContainers: true })
  }

  async #waitFor(workers: readonly PodWorker[]): Promise<void> {
    const { host } = this.#options
    const endMs = host.monotonicMs() + cleanUpTimeoutMs
    while (!this.#abort.signal.aborted && host.monotonicMs() < endMs) {
      await sleep(host, cleanUpLookMs, this.#abort.signal)
      if (workers.every(({ isTerminated }) => isTerminated)) return
    }
  }
}
