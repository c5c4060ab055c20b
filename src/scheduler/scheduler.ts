import { Node } from '../api/core/node/kind.ts'
import { Pod } from '../api/core/pod/kind.ts'
import { defaultFeatures } from '../api/feature-gates.ts'
import type { core } from '../api/generated/types/index.ts'
import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { Features } from '../apimachinery/feature-gates.ts'
import { jsonEqual } from '../apimachinery/json-equal.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { isStatus } from '../apimachinery/status-error.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event-recorder.ts'
import type { Informer, InformerFactory, InformerOptions } from '../client/informer.ts'
import {
  actions,
  assignedPodEvent,
  type ClusterEvent,
  type EventRegistration,
  matchesRegistration,
  nodeEvent,
  unscheduledPodEvent,
} from './cluster-event.ts'
import { defaultProfile } from './default-profile.ts'
import { FailureWriter } from './failure-writer.ts'
import type { PluginContext, Profile, Rejection } from './framework.ts'
import { NodeTable } from './node-table.ts'
import { isFinished, makePodInfo, type PodInfo } from './pod-info.ts'
import { type SchedulerMetrics, schedulerMetrics } from './scheduler-metrics.ts'
import { nodeChanges, podChanges } from './scheduling-changes.ts'
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts'
import { type Failure, NodeSelector } from './select-node.ts'

export interface SchedulerOptions {
  readonly client: Client
  readonly informers: InformerFactory
  readonly events: EventRecorder
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  /** Absent: the default plugins as `default-scheduler`. */
  readonly profile?: (context: PluginContext) => Profile
  /** Absent: as the release has them. */
  readonly features?: Features
  /** How many nodes are enough, in percent; 0 (the default) adapts to the cluster's size. */
  readonly percentageOfNodesToScore?: number
}

/** No turn of the loop is longer than this, so that the process's other work is not held up. */
const turnMs = 5

/** Bindings under way at a time; more pods wait in the queue. */
const maxBindings = 200

/** Assigns pods to nodes: one pod at a time against the assumed state, bindings in the background. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #profile: Profile
  readonly #table = new NodeTable()
  readonly #queue: SchedulingQueue
  readonly #selector: NodeSelector
  readonly #metrics: SchedulerMetrics
  readonly #failures: FailureWriter
  /** Where each pod is, assumed or seen, by uid. */
  readonly #placed = new Map<string, string>()
  readonly #assumed = new Set<string>()
  /** What plugins look things up in. */
  readonly #caches = new Set<{ whenSynced(): Promise<void> }>()
  readonly #undo: (() => void)[] = []
  readonly #abort = new AbortController()
  #running = false
  #looping = false
  #bindings = 0
  #stopped = false

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#failures = new FailureWriter(options)
    this.#profile = (options.profile ?? defaultProfile)({
      client: options.client,
      informers: { informer: (kind, selection) => this.#cache(kind, selection) },
      host: options.host,
      logger: options.logger,
      features: options.features ?? defaultFeatures,
      nodes: this.#table,
      nominated: { on: () => [] },
      waiting: { get: () => undefined, list: () => [] },
      schedulerName: 'default-scheduler',
      activate: () => {},
      requeue: (event) => this.#queue.moveFor(event),
    })
    const plugins = new Map(this.#profile.plugins.map(({ plugin }) => [plugin.name, plugin]))
    const sort = this.#profile.plugins.find(({ plugin }) => plugin.less)?.plugin.less
    this.#queue = new SchedulingQueue({
      host: options.host,
      less: sort ?? ((a, b) => b.priority - a.priority),
      mayHelp: (name, pod, event) => eventMayHelp(plugins.get(name)?.events, pod, event),
      onReady: () => this.#kick(),
    })
    this.#selector = new NodeSelector({
      profile: this.#profile,
      table: this.#table,
      random: () => options.host.random(),
      percentageOfNodesToScore: options.percentageOfNodesToScore ?? 0,
    })
    this.#metrics = schedulerMetrics(options.metrics, this.#queue)
  }

  /** Resolves when the caches are filled and scheduling has begun. */
  async start(): Promise<void> {
    const nodes = this.#options.informers.informer(Node)
    const pods = this.#options.informers.informer(Pod)
    this.#undo.push(nodes.onChange((node, old) => this.#onNode(node, old)))
    this.#undo.push(pods.onChange((pod, old) => this.#onPod(pod, old)))
    await Promise.all([nodes, pods, ...this.#caches].map((cache) => cache.whenSynced()))
    this.#running = true
    this.#kick()
  }

  stop(): void {
    this.#stopped = true
    this.#abort.abort()
    this.#queue.stop()
    this.#failures.stop()
    for (const undo of this.#undo) undo()
  }

  #cache<T extends KubernetesObject>(kind: KindDeclaration<T>, selection?: InformerOptions): Informer<T> {
    const informer = this.#options.informers.informer(kind, selection)
    this.#caches.add(informer)
    return informer
  }

  #onNode(node: core.v1.Node | undefined, old: core.v1.Node | undefined): void {
    if (!node) {
      this.#table.removeNode(old?.metadata?.name ?? '')
      return
    }
    this.#table.setNode(node)
    if (!old) this.#queue.moveFor(nodeEvent({ action: actions.add, object: node }))
    else
      for (const action of nodeChanges(node, old))
        this.#queue.moveFor(nodeEvent({ action, object: node, old }))
  }

  #onPod(pod: core.v1.Pod | undefined, old: core.v1.Pod | undefined): void {
    const current = pod ?? old
    const uid = current?.metadata?.uid
    if (current === undefined || uid === undefined) return
    const node = current.spec?.nodeName
    if (pod === undefined || isFinished(pod) || node) this.#failures.forget(uid)
    if (pod === undefined || isFinished(pod)) {
      this.#queue.remove(uid)
      this.#forget(current, uid, node)
    } else if (node) this.#place(pod, old, uid, node)
    else this.#enqueue(pod, old, uid)
  }

  #forget(pod: core.v1.Pod, uid: string, node: string | undefined): void {
    const placed = this.#placed.get(uid) ?? node
    this.#assumed.delete(uid)
    if (placed === undefined || !this.#placed.delete(uid)) return
    this.#table.removePod(placed, uid)
    this.#queue.moveFor(assignedPodEvent({ action: actions.delete, old: pod }))
  }

  #place(pod: core.v1.Pod, old: core.v1.Pod | undefined, uid: string, node: string): void {
    this.#queue.remove(uid)
    const before = this.#placed.get(uid)
    if (before !== undefined && before !== node) this.#table.removePod(before, uid)
    if (before !== node || (old !== undefined && schedulingChangedOf(pod, old)))
      this.#table.addPod(node, makePodInfo(pod))
    this.#placed.set(uid, node)
    this.#assumed.delete(uid)
    if (!old?.spec?.nodeName) this.#queue.moveFor(assignedPodEvent({ action: actions.add, object: pod }))
    else
      for (const action of podChanges(pod, old))
        this.#queue.moveFor(assignedPodEvent({ action, object: pod, old }))
  }

  #enqueue(pod: core.v1.Pod, old: core.v1.Pod | undefined, uid: string): void {
    if (pod.spec?.schedulerName !== this.#profile.schedulerName || this.#assumed.has(uid)) return
    if (pod.metadata?.deletionTimestamp !== undefined) {
      this.#queue.remove(uid)
      return
    }
    const queued = this.#queue.get(uid)
    if (queued && !queued.gated) {
      if (
        !old ||
        pod.metadata?.generation !== old.metadata?.generation ||
        !jsonEqual(pod.metadata?.labels, old.metadata?.labels)
      ) {
        this.#queue.update(
          makePodInfo(pod),
          podChanges(pod, old ?? pod).map((action) =>
            unscheduledPodEvent({ action, object: pod, old: old ?? pod }),
          ),
        )
      } else this.#queue.refresh(uid, pod)
      return
    }
    const info = makePodInfo(pod)
    const gate = this.#profile.plugins.find(({ plugin }) => plugin.preEnqueue?.(info) !== undefined)
    if (gate) this.#queue.addGated(info, gate.plugin.name)
    else this.#queue.add(info)
  }

  #kick(): void {
    if (!this.#running || this.#looping || this.#stopped) return
    this.#looping = true
    void this.#loop().finally(() => {
      this.#looping = false
      if (this.#queue.isReady && this.#bindings < maxBindings) this.#kick()
    })
  }

  async #loop(): Promise<void> {
    const { host } = this.#options
    let turnStart = host.monotonicMs()
    // The rest of this turn first: a burst of pods is sorted by priority before the first is taken.
    await Promise.resolve()
    while (!this.#stopped && this.#bindings < maxBindings) {
      const queued = this.#queue.pop()
      if (!queued) return
      this.#scheduleOne(queued)
      if (host.monotonicMs() - turnStart > turnMs) {
        await host.nextTurn()
        turnStart = host.monotonicMs()
      }
    }
  }

  #scheduleOne(queued: QueuedPod): void {
    const { host } = this.#options
    const startMs = host.monotonicMs()
    const selection = this.#selector.select(queued.info)
    this.#metrics.algorithmSeconds.observe((host.monotonicMs() - startMs) / 1000)
    if (selection.type === 'none') {
      this.#observe('unschedulable', startMs)
      this.#fail(queued, selection.failure)
      return
    }
    const node = selection.node.name
    const reserved = this.#reserve(queued.info, node)
    if (reserved) {
      this.#fail(queued, reserved)
      return
    }
    this.#bindings++
    void host.track(this.#bind(queued, node, startMs)).finally(() => {
      this.#bindings--
      this.#kick()
    })
  }

  #reserve(info: PodInfo, node: string): Failure | undefined {
    const { uid } = info
    this.#assumed.add(uid)
    this.#placed.set(uid, node)
    this.#table.addPod(node, info)
    for (const { plugin } of this.#profile.plugins) {
      const rejection = plugin.reserve?.(info, node)
      if (rejection) return this.#refuse(info, node, plugin.name, rejection)
    }
    for (const { plugin } of this.#profile.plugins) {
      const rejection = plugin.permit?.(info, node)
      if (rejection && 'reasons' in rejection) return this.#refuse(info, node, plugin.name, rejection)
    }
    return undefined
  }

  #refuse(info: PodInfo, node: string, plugin: string, { reasons }: Rejection): Failure {
    this.#unreserve(info, node)
    return {
      message: `0/${this.#table.nodes.length} nodes are available: ${reasons.join(', ')}.`,
      refusedBy: new Set([plugin]),
    }
  }

  #unreserve(info: PodInfo, node: string): void {
    for (const { plugin } of this.#profile.plugins) plugin.unreserve?.(info, node)
    if (!this.#assumed.delete(info.uid)) return
    this.#placed.delete(info.uid)
    this.#table.removePod(node, info.uid)
  }

  async #bind(queued: QueuedPod, node: string, startMs: number): Promise<void> {
    const { info } = queued
    try {
      for (const { plugin } of this.#profile.plugins) await plugin.preBind?.(info, node, this.#abort.signal)
      for (const { plugin } of this.#profile.plugins) if (await plugin.bind?.(info, node)) break
    } catch (error) {
      this.#bindFailed(queued, node, error)
      return
    }
    for (const { plugin } of this.#profile.plugins) plugin.postBind?.(info, node)
    this.#observe('scheduled', startMs)
    this.#metrics.podAttempts.observe(queued.attempts + 1)
    const waitedMs = this.#options.host.now() - queued.sinceMs
    this.#metrics.podSeconds.observe(waitedMs / 1000, [
      queued.attempts + 1 > 15 ? '16+' : String(queued.attempts + 1),
    ])
    this.#options.events.event(
      info.pod,
      'Normal',
      'Scheduled',
      `Successfully assigned ${info.key} to ${node}`,
    )
  }

  #bindFailed(queued: QueuedPod, node: string, error: unknown): void {
    this.#unreserve(queued.info, node)
    if (isStatus(error, 'NotFound') || this.#stopped) return
    this.#options.logger.warn('a pod could not be bound', { pod: queued.info.key, node, error })
    this.#metrics.attempts.inc([this.#profile.schedulerName, 'error'])
    const why = error instanceof Error ? error.message : String(error)
    this.#fail(queued, { message: `running Bind plugin "DefaultBinder": ${why}`, refusedBy: new Set() })
  }

  #observe(result: 'scheduled' | 'unschedulable', startMs: number): void {
    const labels = [this.#profile.schedulerName, result]
    this.#metrics.attempts.inc(labels)
    this.#metrics.attemptSeconds.observe((this.#options.host.monotonicMs() - startMs) / 1000, labels)
  }

  #fail(queued: QueuedPod, failure: Failure): void {
    this.#queue.giveBack(queued, failure.refusedBy)
    const { pod } = queued.info
    this.#options.events.event(pod, 'Warning', 'FailedScheduling', failure.message)
    this.#failures.write(pod, failure)
  }
}

function eventMayHelp(
  registered: readonly EventRegistration[] | undefined,
  pod: PodInfo,
  event: ClusterEvent,
): boolean {
  if (registered === undefined || event.kind === undefined) return true
  return registered.some((one) => matchesRegistration(one, event) && one.mayHelp(pod, event))
}

const schedulingChangedOf = (pod: core.v1.Pod, old: core.v1.Pod): boolean =>
  pod.metadata?.generation !== old.metadata?.generation ||
  !jsonEqual(pod.metadata?.labels, old.metadata?.labels)
