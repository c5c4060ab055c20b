import { Node } from '../api/core/node/kind.ts'
import { Pod } from '../api/core/pod/kind.ts'
import { defaultFeatures } from '../api/feature-gates.ts'
import type { core } from '../api/generated/types/index.ts'
import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { assert } from '../base/assert.ts'
import type { AnyKind, Informer, InformerOptions, Lister } from '../client/informer.ts'
import { BindingCycle } from './attempt/binding-cycle.ts'
import { FailureWriter } from './attempt/failure-writer.ts'
import { PodAttempts } from './attempt/pod-attempts.ts'
import { PodGroupAttempts } from './attempt/pod-group-attempts.ts'
import { PodGroupStatus } from './attempt/pod-group-status.ts'
import { PodsOnTheirWay } from './attempt/waiting-pods.ts'
import { actions, ClusterEvent } from './cluster-event.ts'
import { ClusterView, type ClusterViewListener } from './cluster-view.ts'
import { PodPlacer } from './cycle/schedule-pod.ts'
import { AttemptLog } from './explain/attempt-log.ts'
import { type Explanation, explain } from './explain/explanation.ts'
import { type Extender, makeExtenders } from './extender/extender.ts'
import type { PluginContext } from './framework.ts'
import { PluginTiming } from './plugin-timing.ts'
import { makePodInfo, type PodInfo } from './pod-info.ts'
import { exposePodResources } from './pod-resource-metrics.ts'
import type { Profile } from './profile.ts'
import { Nominator } from './queue/nominator.ts'
import { SchedulingQueue } from './queue/scheduling-queue.ts'
import { podGroupMetrics, type SchedulerMetrics, schedulerMetrics } from './scheduler-metrics.ts'
import { defaultProfiles, type SchedulerOptions } from './scheduler-options.ts'

/** No turn of the loop is longer than this, so that the process's other work is not held up. */
const turnMs = 5

/** Bindings under way at a time; more pods wait in the queue. */
const maxBindings = 200

const defaultMaxUnschedulableMs = 5 * 60_000

/** Of permits, upstream's status codes. */
const permitLabels = { allowed: 'Success', rejected: 'Unschedulable', preempted: 'Error' } as const

/** Assigns pods to nodes: one pod at a time against the assumed state, bindings in the background. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #profiles: ReadonlyMap<string, Profile>
  readonly #view: ClusterView
  readonly #extenders: readonly Extender[]
  readonly #nominator = new Nominator()
  readonly #queue: SchedulingQueue
  readonly #waiting: PodsOnTheirWay
  readonly #attempts: PodAttempts
  /** Absent without its gate. */
  readonly #groups: PodGroupAttempts | undefined
  readonly #metrics: SchedulerMetrics
  readonly #timing: PluginTiming
  readonly #failures: FailureWriter
  readonly #log: AttemptLog
  readonly #pods: Lister<core.v1.Pod>
  /** What plugins look things up in. */
  readonly #caches = new Set<{ whenSynced(): Promise<void> }>()
  readonly #undo: (() => void)[] = []
  readonly #abort = new AbortController()
  #running = false
  #looping = false

  constructor(options: SchedulerOptions) {
    this.#options = options
    const { host } = options
    this.#failures = new FailureWriter(options)
    this.#timing = new PluginTiming(options.metrics, host)
    this.#waiting = new PodsOnTheirWay(host, ({ type }, waitedMs) =>
      this.#metrics.permitSeconds.observe(waitedMs / 1_000, [permitLabels[type]]),
    )
    this.#pods = options.informers.informer(Pod).lister
    const listener: ClusterViewListener = {
      happened: (event, accepts) => this.#queue.moveFor(event, accepts),
      waits: (pod, old) => this.#enqueue(pod, old),
      gone: (uid) => {
        this.#queue.remove(uid)
        this.#failures.forget(uid)
      },
      withdrawn: (uid) => this.#waiting.get(uid)?.reject('', 'removed'),
      handled: (label, tookMs) => this.#metrics.eventSeconds.observe(tookMs / 1_000, [label]),
    }
    this.#view = new ClusterView(listener, host)
    this.#log = new AttemptLog(this.#view.table, host)
    this.#extenders = makeExtenders(options)
    this.#profiles = this.#makeProfiles()
    this.#queue = this.#makeQueue()
    this.#metrics = schedulerMetrics(options.metrics, {
      queue: this.#queue,
      cacheSizes: () => this.#view.sizes,
      bindings: () => this.#attempts.bindings,
    })
    const placer = this.#makePlacer()
    this.#attempts = this.#makeAttempts(placer)
    this.#groups = this.#makeGroups(placer)
  }

  /** Resolves when the caches are filled and scheduling has begun. */
  async start(): Promise<void> {
    const nodes = this.#options.informers.informer(Node)
    const pods = this.#options.informers.informer(Pod)
    this.#undo.push(nodes.onChange((node, old) => this.#view.onNode(node, old)))
    this.#undo.push(pods.onChange((pod, old) => this.#view.onPod(pod, old)))
    for (const kind of this.#awaitedKinds()) this.#follow(kind)
    await Promise.all([nodes, pods, ...this.#caches].map((cache) => cache.whenSynced()))
    this.#running = true
    this.#kick()
  }

  stop(): void {
    this.#abort.abort()
    this.#waiting.stop()
    this.#queue.stop()
    this.#failures.stop()
    for (const undo of this.#undo) undo()
  }

  /** Why a pod is where it is, or nowhere; undefined where no attempt to place it is on record. */
  explain(namespace: string, name: string): Explanation | undefined {
    const attempt = this.#log.get(namespace, name)
    return attempt && explain(attempt)
  }

  /** The plugin that keeps a pod from being tried at all. */
  gateOf(namespace: string, name: string): string | undefined {
    const uid = this.#pods.get(namespace, name)?.metadata?.uid ?? ''
    return this.#queue.get(uid)?.gatedBy || undefined
  }

  /** What all pods ask for and are limited to, as text for Prometheus. */
  podResources(): string {
    return exposePodResources(this.#pods.list())
  }

  #makeProfiles(): ReadonlyMap<string, Profile> {
    const { client, events, host, logger, metrics, serves, features = defaultFeatures } = this.#options
    const shared: Omit<PluginContext, 'schedulerName' | 'report'> = {
      client,
      informers: { informer: (kind, selection) => this.#cache(kind, selection) },
      ...{ host, logger, metrics, features },
      ...(serves === undefined ? {} : { serves }),
      nodes: this.#view.table,
      nominated: this.#nominator,
      extenders: this.#extenders,
      waiting: this.#waiting,
      activate: (uids) => this.#queue.activate(uids),
      requeue: (event) => this.#view.change(() => this.#queue.moveFor(event)),
      denominate: (info) => {
        this.#nominator.remove(info.uid)
        this.#failures.write(info.pod, undefined, '')
      },
    }
    return new Map(
      (this.#options.profiles ?? defaultProfiles).map(({ schedulerName, make }) => [
        schedulerName,
        make({
          ...shared,
          schedulerName,
          report: (report) => events.report({ ...report, reportingController: schedulerName }),
        }),
      ]),
    )
  }

  #makeQueue(): SchedulingQueue {
    const { host, features = defaultFeatures } = this.#options
    const { podInitialBackoffSeconds = 1, podMaxBackoffSeconds = 10 } = this.#options
    const [first] = this.#profiles.values()
    const [sort] = first?.at.queueSort ?? []
    const hints = [...this.#profiles.values()].map((profile) => profile.hints)
    return new SchedulingQueue({
      host,
      less: (left, right) => sort?.less?.(left, right) ?? 0,
      flow: sort?.flow,
      backOff: {
        initialMs: podInitialBackoffSeconds * 1_000,
        maxMs: podMaxBackoffSeconds * 1_000,
        windows: features.enabled('SchedulerPopFromBackoffQ'),
      },
      maxUnschedulableMs: this.#options.maxUnschedulableMs ?? defaultMaxUnschedulableMs,
      hints: (info) => this.#profileOf(info).hints,
      allHints: () => hints,
      gate: (info) =>
        this.#profileOf(info).at.preEnqueue.find((plugin) => plugin.preEnqueue?.(info) !== undefined)?.name,
      nominator: this.#nominator,
      onReady: () => this.#kick(),
      onIncoming: (queue, event) => this.#metrics.incoming.inc([queue, event]),
      askHint: (plugin, event, hint) => this.#timing.hint(plugin, event, hint),
    })
  }

  #makePlacer(): PodPlacer {
    const { host, percentageOfNodesToScore = 0 } = this.#options
    return new PodPlacer({
      table: this.#view.table,
      nominated: this.#nominator,
      random: () => host.random(),
      percentageOfNodesToScore,
      extenders: this.#extenders,
      timing: this.#timing,
    })
  }

  #makeGroups(placer: PodPlacer): PodGroupAttempts | undefined {
    const { client, host, logger, features = defaultFeatures } = this.#options
    if (!features.enabled('GenericWorkload')) return undefined
    const informers: PluginContext['informers'] = {
      informer: (kind, selection) => this.#cache(kind, selection),
    }
    return new PodGroupAttempts({
      ...{ host, informers, placer, view: this.#view, queue: this.#queue, nominator: this.#nominator },
      ...{ log: this.#log, attempts: this.#attempts, profileOf: (info) => this.#profileOf(info) },
      status: new PodGroupStatus({ client, informers, host, logger }),
      metrics: podGroupMetrics(this.#options.metrics),
    })
  }

  #makeAttempts(placer: PodPlacer): PodAttempts {
    const { host, events, logger, features = defaultFeatures } = this.#options
    const { signal } = this.#abort
    const tells = features.enabled('NominatedNodeNameForExpectation')
    const binding = new BindingCycle({
      host,
      waiting: this.#waiting,
      extenders: this.#extenders,
      signal,
      onExpected: (pod, node) => {
        if (tells) this.#failures.write(pod, undefined, node)
      },
      onPermitted: (uid) => this.#queue.done(uid),
    })
    return new PodAttempts({
      ...{ host, events, logger, placer, binding, signal },
      ...{ view: this.#view, queue: this.#queue, nominator: this.#nominator, failures: this.#failures },
      ...{ log: this.#log, metrics: this.#metrics, pods: this.#pods },
      profileOf: (info) => this.#profileOf(info),
      onBindingEnd: () => this.#kick(),
    })
  }

  #cache<T extends KubernetesObject>(kind: KindDeclaration<T>, selection?: InformerOptions): Informer<T> {
    const informer = this.#options.informers.informer(kind, selection)
    this.#caches.add(informer)
    return informer
  }

  /** Kinds, beside nodes and pods, whose changes plugins wait for. */
  #awaitedKinds(): Iterable<AnyKind> {
    const kinds = new Map<string, AnyKind>()
    for (const profile of this.#profiles.values())
      for (const kind of profile.hints.kinds) kinds.set(`${kind.group}/${kind.resource}`, kind)
    kinds.delete(`${Node.group}/${Node.resource}`)
    kinds.delete(`${Pod.group}/${Pod.resource}`)
    return kinds.values()
  }

  #follow(kind: AnyKind): void {
    const informer = this.#cache<KubernetesObject>(kind)
    this.#undo.push(
      informer.onChange((object, old) => {
        const changed = old === undefined ? actions.add : actions.update
        const action = object === undefined ? actions.delete : changed
        this.#view.change(() => this.#queue.moveFor(new ClusterEvent({ kind, action, object, old })))
      }),
    )
  }

  #profileOf({ pod }: PodInfo): Profile {
    const profile = this.#profiles.get(pod.spec?.schedulerName ?? '')
    assert(profile !== undefined, 'only pods of the profiles are queued')
    return profile
  }

  #enqueue(pod: core.v1.Pod, old: core.v1.Pod | undefined): void {
    if (!this.#profiles.has(pod.spec?.schedulerName ?? '')) return
    if (old === undefined) this.#queue.add(makePodInfo(pod))
    else if (pod.metadata?.resourceVersion !== old.metadata?.resourceVersion) this.#queue.update(pod, old)
  }

  #kick(): void {
    if (!this.#running || this.#looping || this.#abort.signal.aborted) return
    this.#looping = true
    void this.#loop().finally(() => {
      this.#looping = false
      if (this.#queue.isReady && this.#attempts.bindings < maxBindings) this.#kick()
    })
  }

  async #loop(): Promise<void> {
    const { host } = this.#options
    let turnStart = host.monotonicMs()
    // The rest of this turn first: a burst of pods is sorted by priority before the first is taken.
    await Promise.resolve()
    while (!this.#abort.signal.aborted && this.#attempts.bindings < maxBindings) {
      const queued = this.#queue.pop()
      if (!queued) return
      const waiting = this.#groups?.try(queued) ?? this.#attempts.try(queued)
      if (waiting !== undefined) await waiting
      if (host.monotonicMs() - turnStart > turnMs) {
        await host.nextTurn()
        turnStart = host.monotonicMs()
      }
    }
  }
}
