import type { core } from '../../api/generated/types/index.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { Lister } from '../../client/informer.ts'
import type { ClusterView } from '../cluster-view.ts'
import type { PreparedCycle } from '../cycle/prepared-cycle.ts'
import type { Diagnosis, PodPlacer, Selection } from '../cycle/schedule-pod.ts'
import type { AttemptLog } from '../explain/attempt-log.ts'
import type { PodInfo } from '../pod-info.ts'
import { refreshPodInfo } from '../pod-info.ts'
import type { Profile } from '../profile.ts'
import type { Nominator } from '../queue/nominator.ts'
import type { QueuedPod } from '../queue/queued-pod.ts'
import type { SchedulingQueue } from '../queue/scheduling-queue.ts'
import type { SchedulerMetrics } from '../scheduler-metrics.ts'
import type { SchedulerOptions } from '../scheduler-options.ts'
import { assumePod } from './assume-pod.ts'
import { type BindingCycle, type BindingResult, unreserve } from './binding-cycle.ts'
import { type Ending, errorEnding, refusedEnding, unschedulableEnding } from './ending.ts'
import type { FailureWriter } from './failure-writer.ts'
import { runPostFilter } from './post-filter.ts'

/** Of an event's note, in upstream's API. */
const maxNoteLength = 1_024

export interface PodAttemptsOptions extends Pick<SchedulerOptions, 'host' | 'events' | 'logger'> {
  readonly view: ClusterView
  readonly queue: SchedulingQueue
  readonly placer: PodPlacer
  readonly nominator: Nominator
  readonly binding: BindingCycle
  readonly failures: FailureWriter
  readonly log: AttemptLog
  readonly metrics: SchedulerMetrics
  readonly pods: Lister<core.v1.Pod>
  readonly profileOf: (pod: PodInfo) => Profile
  /** Aborted when the scheduler stops. */
  readonly signal: AbortSignal
  /** A binding is over, one way or the other. */
  readonly onBindingEnd: () => void
}

/** Tries pods: a node for each, assumed at once and bound in the background, or the news that there is none. */
export class PodAttempts {
  readonly #options: PodAttemptsOptions
  #bindings = 0

  constructor(options: PodAttemptsOptions) {
    this.#options = options
  }

  /** Under way. */
  get bindings(): number {
    return this.#bindings
  }

  /** A promise only where the attempt has to wait for something: the picture does not change meanwhile. */
  try(queued: QueuedPod): Promise<void> | undefined {
    const { host, placer } = this.#options
    const { info } = queued
    const profile = this.#options.profileOf(info)
    if (this.skips(queued)) return undefined
    const startMs = host.monotonicMs()
    try {
      const selection = placer.selectAsking(info, profile)
      if (selection instanceof Promise) return host.track(this.#ask(queued, profile, selection, startMs))
      return this.#decide(queued, profile, selection, startMs)
    } catch (error) {
      this.end(queued, profile, startMs, errorEnding(error))
      return undefined
    }
  }

  /** True: the pod is done with, because it is being deleted or has a node already. */
  skips({ info }: QueuedPod): boolean {
    const { queue, view } = this.#options
    const leaves = info.pod.metadata?.deletionTimestamp !== undefined
    if (!leaves && !view.isAssumed(info.uid)) return false
    if (leaves) this.#report(info.pod, 'FailedScheduling', `skip schedule deleting pod: ${info.key}`)
    queue.done(info.uid)
    return true
  }

  /** While extenders are asked the picture does not change. */
  async #ask(
    queued: QueuedPod,
    profile: Profile,
    asking: Promise<Selection>,
    startMs: number,
  ): Promise<void> {
    const { view } = this.#options
    view.hold()
    try {
      await this.#decide(queued, profile, await asking, startMs)
    } catch (error) {
      this.end(queued, profile, startMs, errorEnding(error))
    } finally {
      view.release()
    }
  }

  #decide(
    queued: QueuedPod,
    profile: Profile,
    selection: Selection,
    startMs: number,
  ): Promise<void> | undefined {
    const { host, log } = this.#options
    if (selection.type === 'node') {
      this.#algorithmEnds(startMs)
      const { feasible, scores, refusals, node } = selection
      log.begin(queued.info, profile, refusals, { node: node.name, feasible, scores })
      this.#assume(queued, selection.cycle, node.name, startMs)
      return undefined
    }
    const { cycle, diagnosis } = selection
    log.begin(queued.info, profile, diagnosis.refusals)
    if (cycle !== undefined && profile.at.postFilter.length > 0)
      return host.track(this.#postFilter(queued, cycle, diagnosis, startMs))
    this.#algorithmEnds(startMs)
    const outcome = { message: '', nomination: '' }
    this.end(queued, profile, startMs, unschedulableEnding(this.#nodes, diagnosis, outcome))
    return undefined
  }

  get #nodes(): number {
    return this.#options.view.table.nodes.length
  }

  #algorithmEnds(startMs: number): void {
    const { host, metrics } = this.#options
    metrics.algorithmSeconds.observe((host.monotonicMs() - startMs) / 1_000)
  }

  async #postFilter(
    queued: QueuedPod,
    cycle: PreparedCycle,
    diagnosis: Diagnosis,
    startMs: number,
  ): Promise<void> {
    const { host, view } = this.#options
    view.hold()
    try {
      const outcome = await runPostFilter(cycle, diagnosis, view.table.nodes, host)
      this.#algorithmEnds(startMs)
      const ending = unschedulableEnding(this.#nodes, diagnosis, outcome)
      this.end(queued, cycle.profile, startMs, ending)
    } finally {
      view.release()
    }
  }

  #assume(queued: QueuedPod, cycle: PreparedCycle, node: string, startMs: number): void {
    const { info } = queued
    const assumed = assumePod(this.#options, info, cycle, node)
    if (assumed.type === 'assumed') {
      this.launch(queued, cycle, node, assumed.waits, startMs)
      return
    }
    this.#options.view.forget(info, node)
    this.end(queued, cycle.profile, startMs, assumed.ending)
  }

  /** Binds a pod in the background that is assumed on the node, with all that it needs reserved. */
  launch(
    queued: QueuedPod,
    cycle: PreparedCycle,
    node: string,
    waits: ReadonlyMap<string, number>,
    startMs: number,
  ): void {
    this.#bindings++
    void this.#bind(queued, cycle, node, waits, startMs).finally(() => {
      this.#bindings--
      this.#options.onBindingEnd()
    })
  }

  async #bind(
    queued: QueuedPod,
    cycle: PreparedCycle,
    node: string,
    waits: ReadonlyMap<string, number>,
    startMs: number,
  ): Promise<void> {
    const { host, binding, metrics, log } = this.#options
    const { info } = queued
    const result = await binding.run(cycle, node, waits)
    if (result.type !== 'bound') {
      this.#bindFailed(queued, cycle, node, startMs, result)
      return
    }
    metrics.observe(cycle.profile.schedulerName, 'scheduled', host.monotonicMs() - startMs)
    metrics.podScheduled(queued, host.now())
    log.bound(info)
    this.#report(info.pod, 'Scheduled', `Successfully assigned ${info.key} to ${node}`)
  }

  #bindFailed(
    queued: QueuedPod,
    cycle: PreparedCycle,
    node: string,
    startMs: number,
    result: Exclude<BindingResult, { type: 'bound' }>,
  ): void {
    const { view, logger, signal } = this.#options
    const { info } = queued
    const rejected = result.type === 'refused'
    unreserve(cycle, node)
    if (!rejected) view.forget(info, node)
    if (!signal.aborted) {
      const error = result.type === 'error' ? result.error : undefined
      if (!rejected && !isStatus(errorCause(error), 'NotFound'))
        logger.warn('a pod could not be bound', { pod: info.key, node, error })
      this.end(queued, cycle.profile, startMs, rejected ? refusedEnding(result.refusal) : errorEnding(error))
    }
    // The pod itself is not helped by its own leaving.
    if (rejected) view.forget(info, node, (other) => other.uid !== info.uid)
  }

  #report(pod: core.v1.Pod, reason: 'Scheduled' | 'FailedScheduling', note: string): void {
    const [type, action] =
      reason === 'Scheduled' ? (['Normal', 'Binding'] as const) : (['Warning', 'Scheduling'] as const)
    const reportingController = pod.spec?.schedulerName ?? ''
    this.#options.events.report({ regarding: pod, type, reason, action, note, reportingController })
  }

  /** The attempt has found no node: the pod waits for its next, and is told why. */
  end(queued: QueuedPod, profile: Profile, startMs: number, ending: Ending): void {
    const { host, metrics, log, pods, queue, nominator, failures } = this.#options
    const { failure, refusedBy, nomination } = ending
    const result = failure.reason === 'Unschedulable' ? 'unschedulable' : 'error'
    metrics.observe(profile.schedulerName, result, host.monotonicMs() - startMs)
    log.failed(queued.info, profile, result, failure.message)
    const { metadata } = queued.info.pod
    const pod = pods.get(metadata?.namespace ?? '', metadata?.name ?? '')
    if (pod === undefined || pod.spec?.nodeName || pod.metadata?.uid !== queued.info.uid) {
      queue.done(queued.info.uid)
      return
    }
    queued.info = refreshPodInfo(queued.info, pod)
    queue.giveBack(queued, refusedBy)
    nominator.add(queued.info, nomination)
    this.#report(pod, 'FailedScheduling', truncated(failure.message))
    failures.write(pod, failure, nomination)
  }
}

function errorCause(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error
}

const truncated = (message: string): string =>
  message.length <= maxNoteLength ? message : `${message.slice(0, maxNoteLength - 4)} ...`
