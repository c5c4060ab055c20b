import type { core } from '../../api/generated/types/index.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Rejection } from '../admission/admit-pod.ts'
import { madeWith } from '../allocation/made-with.ts'
import { isResizing } from '../allocation/resize-actions.ts'
import type { SyncKind } from '../metrics/pod-metrics.ts'
import { StartClock } from '../metrics/start-clock.ts'
import { killPod } from './actions/kill-containers.ts'
import { removeContainers, removeGarbage, removePod } from './actions/remove-remains.ts'
import { emptyMemory, type PodMemory, retryPauseMs, runActions } from './actions/run-actions.ts'
import { latestContainer, type ObservedPod, runningContainers } from './observed-pod.ts'
import { isSettled, planPod } from './plan/plan.ts'
import type { PodContext } from './pod-context.ts'
import { PodDeadline } from './pod-deadline.ts'
import { PodGround } from './pod-ground.ts'
import { PodLoop } from './pod-loop.ts'
import { deadlineExceeded, type PodVerdict } from './pod-verdict.ts'
import { PodView } from './pod-view.ts'
import { isTerminalPhase } from './status/pod-phase.ts'
import { podStatus } from './status/pod-status.ts'
import { terminatedStatus } from './status/terminated-status.ts'

type Pod = core.v1.Pod
type PodStatus = core.v1.PodStatus

export interface PodWorkerOptions {
  readonly context: PodContext
  readonly pod: Pod
  /** The pod is not in the API (any more): it is only to be cleared away. */
  readonly gone: boolean
  /** Why this node does not take the pod; asked once, for a pod that has not begun. */
  readonly admit: (pod: Pod) => Rejection | undefined | Promise<Rejection | undefined>
  /** Nothing of the pod is left on the node. */
  readonly onCleared: () => void
}

type Stage = 'new' | 'running' | 'terminating' | 'terminated' | 'cleared'

const networkRetryMs = 1_000

/** Brings one pod to what the API says and keeps it there: one thing at a time, woken by whatever changes. */
export class PodWorker {
  readonly #context: PodContext
  readonly #options: PodWorkerOptions
  readonly #memory: PodMemory
  readonly #ground: PodGround
  readonly #deadline: PodDeadline
  readonly #view: PodView
  readonly #loop: PodLoop
  readonly #uid: string
  /** As the API has it. */
  #desired: Pod
  /** With the resources that it was granted. */
  #pod: Pod
  /** When the node got it. */
  readonly #seenMs: number
  /** It has changed in the API since it was last synced. */
  #updated = false
  #ended = false
  #gone: boolean
  #stage: Stage = 'new'
  #verdict: PodVerdict | undefined

  constructor(options: PodWorkerOptions) {
    this.#options = options
    this.#context = options.context
    const { crashLoop, host, metrics } = options.context
    this.#seenMs = host.monotonicMs()
    this.#memory = emptyMemory(crashLoop, metrics && new StartClock(options.pod))
    this.#desired = options.pod
    this.#pod = options.context.allocations.granted(options.pod)
    this.#gone = options.gone
    this.#uid = options.pod.metadata?.uid ?? ''
    this.#ground = new PodGround(options.context)
    this.#deadline = new PodDeadline(host, () => this.fail(deadlineExceeded))
    this.#view = new PodView(options.context, this.#uid, this.#memory.ended)
    this.#loop = new PodLoop({ host, pass: () => this.#pass(), onDue: () => this.wake() })
  }

  get pod(): Pod {
    return this.#pod
  }

  /** What the runtime held of it when last looked. */
  get observed(): ObservedPod {
    return this.#view.observed
  }

  /** Nothing of it runs or will. */
  get isTerminated(): boolean {
    return this.#stage === 'terminated' || this.#stage === 'cleared'
  }

  /** Its containers have ended for good, and its status says so or is about to: its place is free. */
  get hasEnded(): boolean {
    return this.#ended || this.isTerminated
  }

  /** It is on its way out, or about to be. */
  get isEnding(): boolean {
    return this.#stage === 'terminating' || this.#shouldEnd()
  }

  /** The API did not have it when the agent found it. */
  get isRestored(): boolean {
    return this.#options.gone
  }

  /** The API does not have it any more; what it has on the node may still be on its way out. */
  get isGone(): boolean {
    return this.#gone
  }

  /** Takes in the pod's newest state from the API. */
  update(pod: Pod): void {
    const before = this.#pod
    const { allocations, host, metrics } = this.#context
    this.#updated = true
    const times = this.#memory.startClock?.seen(pod, host.now())
    if (times !== undefined) metrics?.started(times, pod.spec?.hostNetwork !== true)
    this.#desired = pod
    allocations.update(pod)
    this.#pod = allocations.granted(pod)
    const { generation, labels, annotations } = before.metadata ?? {}
    if (generation !== pod.metadata?.generation) this.#memory.holds.clear()
    const isRelabelled = labels !== pod.metadata?.labels || annotations !== pod.metadata?.annotations
    if (isRelabelled) void this.#refreshVolumes()
    const shorter =
      (pod.metadata?.deletionGracePeriodSeconds ?? Number.POSITIVE_INFINITY) <
      (before.metadata?.deletionGracePeriodSeconds ?? Number.POSITIVE_INFINITY)
    if (this.#stage === 'terminating' && this.#loop.isBusy && shorter) void this.#killAgain()
    this.#loop.look()
  }

  /** What it was granted has changed, or what its status says of that. */
  regranted(): void {
    this.#pod = this.#context.allocations.granted(this.#desired)
    this.wake()
  }

  /** The pod is gone from the API. */
  removed(): void {
    this.#gone = true
    this.#context.allocations.retry('pods_removed')
    this.wake()
  }

  /** Ends the pod for a reason of the node's own. */
  fail(verdict: PodVerdict): void {
    this.#verdict ??= verdict
    this.wake()
  }

  /** Something that it may wait for has come: what failed is tried at once. */
  retryNow(): void {
    this.#memory.holds.clear()
    this.#ground.retrySoon()
    this.wake()
  }

  /** An object that it refers to has changed: its volumes follow. */
  objectsChanged(): void {
    void this.#refreshVolumes()
    this.retryNow()
  }

  /** A probe's result has changed: the status follows even while something else is under way. */
  refreshStatus(): void {
    if (this.#stage === 'running' || this.#stage === 'terminating') this.#report(false)
    this.wake()
  }

  /** Something may have changed in the runtime. */
  wake(): void {
    this.#view.outdate()
    this.#loop.look()
  }

  /** The agent stops; the pod lives on. */
  stop(): void {
    this.#loop.stop()
    this.#deadline.cancel()
    this.#ground.stop()
  }

  /** One pass; how long to wait for the next, if nothing happens before. */
  async #pass(): Promise<number | undefined> {
    const { host, logger, metrics } = this.#context
    const [kind, fromMs] = [this.#syncKind(), host.monotonicMs()]
    try {
      return await this.#sync()
    } catch (error) {
      this.#view.outdate()
      const { name: pod, namespace } = this.#pod.metadata ?? {}
      logger.warn('a pod could not be synced', { pod, namespace, error: messageOf(error) })
      return retryPauseMs(host.random())
    } finally {
      metrics?.synced(kind, host.monotonicMs() - fromMs)
    }
  }

  /** What the next sync is for. */
  #syncKind(): SyncKind {
    const updated = this.#updated
    this.#updated = false
    if (this.#stage === 'new') return 'create'
    if (this.isEnding || this.isTerminated) return 'kill'
    return updated ? 'update' : 'sync'
  }

  async #sync(): Promise<number | undefined> {
    if (this.#stage === 'terminated') return this.#afterEnd()
    if (this.#view.isStale) await this.#view.observe()
    if (this.#stage === 'new') await this.#begin()
    if (this.#shouldEnd()) return this.#end()
    this.#context.allocations.progress(this.#pod, isResizing(this.#pod, this.observed))
    const status = this.#report(false)
    if (isTerminalPhase(status.phase)) return this.#end()
    this.#deadline.watch(this.#pod, status)
    return this.#advance()
  }

  async #begin(): Promise<void> {
    const fresh = this.observed.sandboxes.length === 0 && !isTerminalPhase(this.#pod.status?.phase)
    const answer = fresh && !this.#isDeleted() ? this.#options.admit(this.#pod) : undefined
    const rejection = answer instanceof Promise ? await answer : answer
    this.#stage = 'running'
    const { host, metrics } = this.#context
    metrics?.began(this.#pod.spec?.containers?.length ?? 0, host.monotonicMs() - this.#seenMs)
    if (rejection === undefined) {
      const { allocations } = this.#context
      allocations.begin(this.#desired, madeWith(this.#desired, this.observed))
      this.#pod = allocations.granted(this.#desired)
      this.#view.regranted()
      return
    }
    const { reason, message } = rejection
    metrics?.rejected(reason)
    this.#context.events.event(this.#pod, 'Warning', reason, message)
    this.#verdict ??= { reason, message: `Pod was rejected: ${message}` }
  }

  #isDeleted(): boolean {
    return this.#gone || this.#pod.metadata?.deletionTimestamp !== undefined
  }

  readonly #shouldEnd = (): boolean => this.#isDeleted() || this.#verdict !== undefined

  async #advance(): Promise<number | undefined> {
    const context = this.#context
    const pod = this.#pod
    const networkError = pod.spec?.hostNetwork === true ? undefined : context.networkError()
    if (networkError !== undefined) {
      const text = `network is not ready: ${networkError}`
      context.events.event(pod, 'Warning', 'NetworkNotReady', text)
      return networkRetryMs
    }
    const actions = planPod(pod, this.observed, context.probes.results)
    const settled = isSettled(actions)
    if (!(settled && this.#ground.isLaid) && !(await this.#ground.lay(pod))) return this.#ground.nextRetryMs()
    if (settled) {
      await removeGarbage(context, this.observed)
      return undefined
    }
    const result = await runActions({
      context,
      pod,
      observed: this.observed,
      actions,
      memory: this.#memory,
      isOver: this.#shouldEnd,
      onSandbox: async (sandboxId) => {
        await this.#view.observeMade({ sandboxId, containerIds: [], isNew: true })
        this.#report(false)
        return this.observed
      },
    })
    if (result.changed) {
      this.#loop.look()
      const { onlyStarted } = result
      if (onlyStarted === undefined) this.#view.outdate()
      else await this.#view.observeMade({ ...onlyStarted, isNew: false })
    } else this.#report(false)
    return result.retryAfterMs
  }

  /** Computes the status, hands it on and tells the probes. */
  #report(terminal: boolean): PodStatus {
    const { allocations, cgroups, host, managers, probes, runtimeName, statuses, facts, agentStartMs } =
      this.#context
    const pod = this.#pod
    const previous = statuses.status(this.#uid) ?? pod.status ?? {}
    const computed = podStatus({
      pod,
      observed: this.observed,
      previous,
      failures: this.#memory.failures,
      probes: probes.results,
      runtimeName,
      nodeIps: facts().nodeIps,
      nowMs: host.now(),
      agentStartMs,
      terminal,
      group: cgroups.limits(this.#uid),
      resizes: allocations.conditions(this.#uid),
      ...(this.#verdict === undefined ? {} : { verdict: this.#verdict }),
    })
    if ((previous.phase ?? 'Pending') === 'Pending' && computed.phase === 'Running')
      this.#context.metrics?.runs(host.monotonicMs() - this.#seenMs)
    const status = managers.withHealth(pod, computed)
    if (!this.#gone) statuses.set(pod, status, { mayRun: !terminal, finished: false })
    if (this.#stage === 'running' || this.#stage === 'terminating') probes.update(pod, status)
    return status
  }

  /** Kills what runs, then gives back what the pod held. */
  async #end(): Promise<number | undefined> {
    const { cgroups, events, files, managers, probes, statuses } = this.#context
    this.#stage = 'terminating'
    this.#deadline.cancel()
    this.#report(false)
    probes.stopLivenessAndStartup(this.#uid)
    try {
      await killPod(this.#context, this.#pod, this.observed, this.#verdict?.graceSeconds)
    } catch (error) {
      events.event(this.#pod, 'Warning', 'FailedKillPod', `error killing pod: ${messageOf(error)}`)
      throw error
    }
    probes.remove(this.#uid)
    await this.#view.observe()
    if (runningContainers(this.observed).length > 0) throw new Error('containers run that were stopped')
    this.#ended = true
    this.#context.allocations.ended(this.#uid)
    this.#report(true)
    await managers.release(this.#uid)
    await files.unmountVolumes(this.#uid)
    await cgroups.remove(this.#uid)
    if (this.#verdict?.removesContainers) await removeContainers(this.#context, this.observed)
    const last = statuses.status(this.#uid)
    if (last !== undefined && !this.#gone) {
      const started = (name: string): boolean => latestContainer(this.observed, name) !== undefined
      const status = terminatedStatus(this.#pod, last, started)
      statuses.set(this.#pod, status, { mayRun: false, finished: true })
    }
    this.#stage = 'terminated'
    this.#loop.look()
    this.#view.outdate()
    return undefined
  }

  /** While the API keeps the ended pod its containers stay, for their logs. */
  async #afterEnd(): Promise<undefined> {
    const { statuses } = this.#context
    if (!this.#gone) {
      const status = statuses.status(this.#uid)
      if (status !== undefined) statuses.set(this.#pod, status, { mayRun: false, finished: true })
      return undefined
    }
    await this.#view.observe()
    await removePod(this.#context, this.#uid, this.observed)
    this.#stage = 'cleared'
    this.#loop.stop()
    this.#context.allocations.remove(this.#uid)
    this.#options.onCleared()
    return undefined
  }

  #refreshVolumes(): Promise<void> {
    return this.#ground.refresh(() =>
      this.#stage === 'running' && !this.#loop.isStopped ? this.#pod : undefined,
    )
  }

  /** The grace period became shorter while containers end: they are told again. */
  async #killAgain(): Promise<void> {
    const grace = this.#pod.metadata?.deletionGracePeriodSeconds ?? 0
    try {
      await Promise.all(
        runningContainers(this.observed).map(({ id }) => this.#context.runtime.stopContainer(id, grace)),
      )
    } catch (error) {
      this.#context.logger.warn('a container could not be stopped sooner', { error: messageOf(error) })
    }
  }
}
