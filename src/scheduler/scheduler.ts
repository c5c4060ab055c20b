import { Node } from '../api/core/node/kind.ts'
import { Pod } from '../api/core/pod/kind.ts'
import { defaultFeatures } from '../api/feature-gates.ts'
import type { core } from '../api/generated/types/index.ts'
import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { isStatus } from '../apimachinery/status-error.ts'
import { assert } from '../base/assert.ts'
import type { AnyKind, Informer, InformerOptions, Lister } from '../client/informer.ts'
import { BindingCycle, type BindingResult, reserve, unreserve } from './binding-cycle.ts'
import { actions, ClusterEvent } from './cluster-event.ts'
import { ClusterView, type ClusterViewListener } from './cluster-view.ts'
import type { PreparedCycle } from './cycle/prepared-cycle.ts'
import { type Diagnosis, PodPlacer, type Selection } from './cycle/schedule-pod.ts'
import { type Ending, errorEnding, refusedEnding, unschedulableEnding } from './ending.ts'
import { AttemptLog } from './explain/attempt-log.ts'
import { type Explanation, explain } from './explain/explanation.ts'
import { type Extender, makeExtenders } from './extender/extender.ts'
import { FailureWriter } from './failure-writer.ts'
import type { PluginContext } from './framework.ts'
import { PluginTiming } from './plugin-timing.ts'
import { makePodInfo, type PodInfo, refreshPodInfo } from './pod-info.ts'
import { runPostFilter } from './post-filter.ts'
import type { Profile } from './profile.ts'
import { Nominator } from './queue/nominator.ts'
import type { QueuedPod } from './queue/queued-pod.ts'
import { SchedulingQueue } from './queue/scheduling-queue.ts'
import { type SchedulerMetrics, schedulerMetrics } from './scheduler-metrics.ts'
import { defaultProfiles, type SchedulerOptions } from './scheduler-options.ts'
import { PodsOnTheirWay } from './waiting-pods.ts'

/** No turn of the loop is longer than this, so that the process's other work is not held up. */
const turnMs = 5

/** Bindings under way at a time; more pods wait in the queue. */
const maxBindings = 200

/** Upstream's podMaxInUnschedulablePodsDuration. */
const maxUnschedulableMs = 5 * 60_000

/** Of an event's note, in upstream's API. */
const maxNoteLength = 1_024

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
  readonly #placer: PodPlacer
  readonly #waiting: PodsOnTheirWay
  readonly #binding: BindingCycle
  readonly #metrics: SchedulerMetrics
  readonly #timing: PluginTiming
  readonly #failures: FailureWriter
  readonly #attempts: AttemptLog
  readonly #pods: Lister<core.v1.Pod>
  /** What plugins look things up in. */
  readonly #caches = new Set<{ whenSynced(): Promise<void> }>()
  readonly #undo: (() => void)[] = []
  readonly #abort = new AbortController()
  #running = false
  #looping = false
  #bindings = 0

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
    this.#attempts = new AttemptLog(this.#view.table, host)
    this.#extenders = makeExtenders(options)
    this.#profiles = this.#makeProfiles()
    this.#queue = this.#makeQueue()
    this.#placer = new PodPlacer({
      table: this.#view.table,
      nominated: this.#nominator,
      random: () => host.random(),
      percentageOfNodesToScore: options.percentageOfNodesToScore ?? 0,
      extenders: this.#extenders,
      timing: this.#timing,
    })
    this.#binding = new BindingCycle({
      waiting: this.#waiting,
      extenders: this.#extenders,
      signal: this.#abort.signal,
      onExpected: (pod, node) => this.#failures.write(pod, undefined, node),
      onPermitted: (uid) => this.#queue.done(uid),
    })
    this.#metrics = schedulerMetrics(options.metrics, {
      queue: this.#queue,
      cacheSizes: () => this.#view.sizes,
      bindings: () => this.#bindings,
    })
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
    const attempt = this.#attempts.get(namespace, name)
    return attempt && explain(attempt)
  }

  /** The plugin that keeps a pod from being tried at all. */
  gateOf(namespace: string, name: string): string | undefined {
    const uid = this.#pods.get(namespace, name)?.metadata?.uid ?? ''
    return this.#queue.get(uid)?.gatedBy || undefined
  }

  #makeProfiles(): ReadonlyMap<string, Profile> {
    const { client, events, host, logger, metrics, features = defaultFeatures } = this.#options
    const shared: Omit<PluginContext, 'schedulerName' | 'report'> = {
      client,
      informers: { informer: (kind, selection) => this.#cache(kind, selection) },
      ...{ host, logger, metrics, features },
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
      maxUnschedulableMs,
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
      if (this.#queue.isReady && this.#bindings < maxBindings) this.#kick()
    })
  }

  async #loop(): Promise<void> {
    const { host } = this.#options
    let turnStart = host.monotonicMs()
    // The rest of this turn first: a burst of pods is sorted by priority before the first is taken.
    await Promise.resolve()
    while (!this.#abort.signal.aborted && this.#bindings < maxBindings) {
      const queued = this.#queue.pop()
      if (!queued) return
      const waiting = this.#scheduleOne(queued)
      if (waiting !== undefined) await waiting
      if (host.monotonicMs() - turnStart > turnMs) {
        await host.nextTurn()
        turnStart = host.monotonicMs()
      }
    }
  }

  /** A promise only where the attempt has to wait for something: the picture does not change meanwhile. */
  #scheduleOne(queued: QueuedPod): Promise<void> | undefined {
    const { host } = this.#options
    const { info } = queued
    const profile = this.#profileOf(info)
    if (info.pod.metadata?.deletionTimestamp !== undefined) {
      this.#report(info.pod, 'FailedScheduling', `skip schedule deleting pod: ${info.key}`)
      this.#queue.done(info.uid)
      return undefined
    }
    if (this.#view.isAssumed(info.uid)) {
      this.#queue.done(info.uid)
      return undefined
    }
    const startMs = host.monotonicMs()
    try {
      const selection = this.#placer.selectAsking(info, profile)
      if (selection instanceof Promise) return host.track(this.#ask(queued, profile, selection, startMs))
      return this.#decide(queued, selection, startMs)
    } catch (error) {
      this.#end(queued, profile, startMs, errorEnding(error))
      return undefined
    }
  }

  /** While extenders are asked the picture does not change. */
  async #ask(
    queued: QueuedPod,
    profile: Profile,
    asking: Promise<Selection>,
    startMs: number,
  ): Promise<void> {
    this.#view.hold()
    try {
      await this.#decide(queued, await asking, startMs)
    } catch (error) {
      this.#end(queued, profile, startMs, errorEnding(error))
    } finally {
      this.#view.release()
    }
  }

  #decide(queued: QueuedPod, selection: Selection, startMs: number): Promise<void> | undefined {
    const { host } = this.#options
    if (selection.type === 'node') {
      this.#metrics.algorithmSeconds.observe((host.monotonicMs() - startMs) / 1_000)
      const { feasible, scores, refusals } = selection
      this.#attempts.begin(queued.info, selection.cycle.profile, refusals, {
        node: selection.node.name,
        feasible,
        scores,
      })
      this.#assume(queued, selection.cycle, selection.node.name, startMs)
      return undefined
    }
    const { cycle, diagnosis } = selection
    this.#attempts.begin(queued.info, this.#profileOf(queued.info), diagnosis.refusals)
    if (cycle !== undefined && cycle.profile.at.postFilter.length > 0)
      return host.track(this.#postFilter(queued, cycle, diagnosis, startMs))
    this.#metrics.algorithmSeconds.observe((host.monotonicMs() - startMs) / 1_000)
    this.#end(
      queued,
      this.#profileOf(queued.info),
      startMs,
      unschedulableEnding(this.#view.table.nodes.length, diagnosis, { message: '', nomination: '' }),
    )
    return undefined
  }

  async #postFilter(
    queued: QueuedPod,
    cycle: PreparedCycle,
    diagnosis: Diagnosis,
    startMs: number,
  ): Promise<void> {
    const { host } = this.#options
    this.#view.hold()
    try {
      const outcome = await runPostFilter(cycle, diagnosis, host)
      this.#metrics.algorithmSeconds.observe((host.monotonicMs() - startMs) / 1_000)
      const ending = unschedulableEnding(this.#view.table.nodes.length, diagnosis, outcome)
      this.#end(queued, cycle.profile, startMs, ending)
    } finally {
      this.#view.release()
    }
  }

  #assume(queued: QueuedPod, cycle: PreparedCycle, node: string, startMs: number): void {
    const { host } = this.#options
    const { info } = queued
    this.#view.assume(info, node)
    this.#nominator.remove(info.uid)
    const waits = new Map<string, number>()
    let ending: Ending | undefined
    try {
      const refusal = reserve(cycle, node, waits)
      if (refusal !== undefined) ending = refusedEnding(refusal)
    } catch (error) {
      ending = errorEnding(error)
    }
    if (ending !== undefined) {
      unreserve(cycle, node)
      this.#view.forget(info, node)
      this.#end(queued, cycle.profile, startMs, ending)
      return
    }
    this.#bindings++
    void host.track(this.#bind(queued, cycle, node, waits, startMs)).finally(() => {
      this.#bindings--
      this.#kick()
    })
  }

  async #bind(
    queued: QueuedPod,
    cycle: PreparedCycle,
    node: string,
    waits: ReadonlyMap<string, number>,
    startMs: number,
  ): Promise<void> {
    const { info } = queued
    const result = await this.#binding.run(cycle, node, waits)
    if (result.type !== 'bound') {
      this.#bindFailed(queued, cycle, node, startMs, result)
      return
    }
    const { host } = this.#options
    this.#metrics.observe(cycle.profile.schedulerName, 'scheduled', host.monotonicMs() - startMs)
    this.#metrics.podScheduled(queued, host.now())
    this.#attempts.bound(info)
    this.#report(info.pod, 'Scheduled', `Successfully assigned ${info.key} to ${node}`)
  }

  #bindFailed(
    queued: QueuedPod,
    cycle: PreparedCycle,
    node: string,
    startMs: number,
    result: Exclude<BindingResult, { type: 'bound' }>,
  ): void {
    const { info } = queued
    const rejected = result.type === 'refused'
    unreserve(cycle, node)
    if (!rejected) this.#view.forget(info, node)
    if (!this.#abort.signal.aborted) {
      const error = result.type === 'error' ? result.error : undefined
      if (!rejected && !isStatus(errorCause(error), 'NotFound'))
        this.#options.logger.warn('a pod could not be bound', { pod: info.key, node, error })
      this.#end(queued, cycle.profile, startMs, rejected ? refusedEnding(result.refusal) : errorEnding(error))
    }
    // The pod itself is not helped by its own leaving.
    if (rejected) this.#view.forget(info, node, (other) => other.uid !== info.uid)
  }

  #report(pod: core.v1.Pod, reason: 'Scheduled' | 'FailedScheduling', note: string): void {
    const [type, action] =
      reason === 'Scheduled' ? (['Normal', 'Binding'] as const) : (['Warning', 'Scheduling'] as const)
    const reportingController = pod.spec?.schedulerName ?? ''
    this.#options.events.report({ regarding: pod, type, reason, action, note, reportingController })
  }

  /** The attempt has found no node: the pod waits for its next, and is told why. */
  #end(queued: QueuedPod, profile: Profile, startMs: number, ending: Ending): void {
    const { host } = this.#options
    const { failure, refusedBy, nomination } = ending
    const result = failure.reason === 'Unschedulable' ? 'unschedulable' : 'error'
    this.#metrics.observe(profile.schedulerName, result, host.monotonicMs() - startMs)
    this.#attempts.failed(queued.info, profile, result, failure.message)
    const { metadata } = queued.info.pod
    const pod = this.#pods.get(metadata?.namespace ?? '', metadata?.name ?? '')
    if (pod === undefined || pod.spec?.nodeName || pod.metadata?.uid !== queued.info.uid) {
      this.#queue.done(queued.info.uid)
      return
    }
    queued.info = refreshPodInfo(queued.info, pod)
    this.#queue.giveBack(queued, refusedBy)
    this.#nominator.add(queued.info, nomination)
    this.#report(pod, 'FailedScheduling', truncated(failure.message))
    this.#failures.write(pod, failure, nomination)
  }
}

function errorCause(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error
}

const truncated = (message: string): string =>
  message.length <= maxNoteLength ? message : `${message.slice(0, maxNoteLength - 4)} ...`
