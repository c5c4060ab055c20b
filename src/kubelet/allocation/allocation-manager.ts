import { podRequests } from '../../api/core/pod/pod-requests.ts'
import type { core } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Rejection } from '../admission/admit-pod.ts'
import type { ObservedPod } from '../pod/observed-pod.ts'
import type { EventSink } from '../pod/pod-context.ts'
import {
  type ComputeAmounts,
  computeAmounts,
  type PodResources,
  resourcesOf,
  withResources,
} from './granted-resources.ts'
import type { Infeasibility } from './infeasible-resize.ts'
import { inPendingOrder } from './pending-order.ts'
import { resizeMessage } from './resize-message.ts'
import { type ResizeCounts, ResizeMetrics, type RetryTrigger } from './resize-metrics.ts'
import type { SavedGrants } from './saved-grants.ts'

type Condition = core.v1.PodCondition
type Pod = core.v1.Pod

export interface AllocationOptions {
  readonly host: Host
  readonly logger: Logger
  readonly events: EventSink
  readonly saved: SavedGrants
  /** Why the node has no room for the pod as it is now wanted; undefined: it has. */
  readonly admit: (pod: Pod) => Rejection | undefined
  /** Why the node never grants what is wanted in place of what was granted; undefined: it may. */
  readonly infeasible?: (wanted: Pod, granted: Pod) => Infeasibility | undefined
  readonly metrics?: Metrics | undefined
  /** What a pod was granted, or what its status shall say of it, has changed. */
  readonly onChange: (podUid: string) => void
}

/** What is known of a pod that has begun. */
interface Grant {
  /** As the API has it. */
  desired: Pod
  given: PodResources
  /** Of the pod's own requests and limits. */
  podLevel: ComputeAmounts
  /** Of containers that were resized since they were made, by id. */
  readonly inForce: Map<string, ComputeAmounts>
  /** It waits to be tried. */
  queued: boolean
  pending: Condition | undefined
  inProgress: Condition | undefined
}

/** Upstream's pause between two tries of resizes that wait (pkg/kubelet/allocation). */
const retryMs = 3 * 60_000
const conditionTypes = { pending: 'PodResizePending', inProgress: 'PodResizeInProgress' } as const

const uidOf = (pod: Pod): string => pod.metadata?.uid ?? ''
const generationOf = (pod: Pod): number => pod.metadata?.generation ?? 0

const shrinks = (next: Pod, before: Pod): boolean => {
  const [now, then] = [podRequests(next, { held: true }), podRequests(before, { held: true })]
  return ['cpu', 'memory'].some((name) => (now.get(name) ?? 0) < (then.get(name) ?? 0))
}

/**
 * What each pod of the node was granted of what it asks for (KEP-1287): what is asked for in place of it is
 * granted when there is room, and waits in order until there is.
 */
export class AllocationManager {
  readonly #options: AllocationOptions
  readonly #grants = new Map<string, Grant>()
  readonly #metrics: ResizeMetrics | undefined
  #timer: Timer | undefined

  constructor(options: AllocationOptions) {
    this.#options = options
    this.#metrics = options.metrics && new ResizeMetrics(options.metrics, () => this.#counts())
  }

  stop(): void {
    this.#timer?.cancel()
  }

  /** The pod with the resources that it was granted: those that it asks for, before it has begun. */
  granted(pod: Pod): Pod {
    const uid = uidOf(pod)
    const given = (this.#grants.get(uid) ?? this.#options.saved.get(uid))?.given
    return given === undefined ? pod : withResources(pod, given)
  }

  /** The node has taken the pod; `found`: what its containers were made with that run since before the agent. */
  begin(pod: Pod, found: PodResources | undefined): void {
    const uid = uidOf(pod)
    const saved = this.#options.saved.get(uid)
    const given = saved?.given ?? found ?? resourcesOf(pod)
    const conditionOf = (type: string): Condition | undefined =>
      pod.status?.conditions?.find((condition) => condition.type === type)
    const grant: Grant = {
      desired: pod,
      given,
      podLevel: saved?.podLevel ?? computeAmounts((found ?? given).pod),
      inForce: new Map(Object.entries(saved?.inForce ?? {})),
      queued: withResources(pod, given) !== pod,
      pending: conditionOf(conditionTypes.pending),
      inProgress: conditionOf(conditionTypes.inProgress),
    }
    this.#grants.set(uid, grant)
    if (grant.queued) this.retry('pods_added')
    else grant.pending = undefined
  }

  /** The pod's newest state in the API. */
  update(pod: Pod): void {
    const grant = this.#grants.get(uidOf(pod))
    if (grant === undefined) return
    const before = grant.desired
    grant.desired = pod
    // What else has changed is no reason to try again what was refused.
    if (generationOf(before) !== generationOf(pod) && !jsonEqual(resourcesOf(before), resourcesOf(pod))) {
      this.#metrics?.requested(before, pod)
      if (withResources(pod, grant.given) === pod) this.#settle(grant)
      else {
        grant.queued = true
        this.retry('pod_updated')
        return
      }
    }
    if (this.#waits() && shrinks(this.granted(pod), withResources(before, grant.given)))
      this.retry('pod_resized')
  }

  /** The pod's containers have ended for good: its room is free. */
  ended(podUid: string): void {
    const grant = this.#grants.get(podUid)
    if (grant !== undefined) {
      this.#settle(grant)
      grant.inProgress = undefined
    }
    this.retry('pod_terminated')
  }

  /** Nothing of the pod is left. */
  remove(podUid: string): void {
    this.#grants.delete(podUid)
    this.#keep(this.#options.saved.delete(podUid))
    this.retry('pods_removed')
  }

  /** What a pod's status says of its resize. */
  conditions(podUid: string): readonly Condition[] {
    const { pending, inProgress } = this.#grants.get(podUid) ?? {}
    return [pending, inProgress].filter((condition) => condition !== undefined)
  }

  /** What is observed of a pod, with the resources that are in force. */
  inForce(podUid: string, observed: ObservedPod): ObservedPod {
    const grant = this.#grants.get(podUid)
    if (grant === undefined) return observed
    const ids = new Set(observed.containers.map(({ id }) => id))
    for (const id of grant.inForce.keys()) if (!ids.has(id)) grant.inForce.delete(id)
    const containers = observed.containers.map((container) => {
      const amounts = grant.inForce.get(container.id)
      return amounts === undefined ? container : { ...container, amounts }
    })
    return { ...observed, containers, podLevel: grant.podLevel }
  }

  /** A container, or the pod as a whole where no id is given, has these resources now. Resolves when that is kept. */
  async applied(podUid: string, amounts: ComputeAmounts, containerId?: string): Promise<void> {
    const grant = this.#grants.get(podUid)
    if (grant === undefined) return
    if (containerId === undefined) grant.podLevel = amounts
    else grant.inForce.set(containerId, amounts)
    await this.#save(podUid, grant)
  }

  /** Resolves when what the pod was granted is kept. */
  async kept(podUid: string): Promise<void> {
    const grant = this.#grants.get(podUid)
    if (grant !== undefined) await this.#save(podUid, grant)
  }

  /** What was granted is still to be brought into force, or is. */
  progress(pod: Pod, isResizing: boolean): void {
    const grant = this.#grants.get(uidOf(pod))
    if (grant === undefined) return
    if (isResizing) grant.inProgress ??= this.#condition('inProgress', undefined, generationOf(pod))
    else if (grant.inProgress !== undefined) {
      const generation = grant.inProgress.observedGeneration ?? 0
      grant.inProgress = undefined
      this.#event(pod, 'Normal', 'ResizeCompleted', resizeMessage('Pod resize completed', pod, generation))
    }
  }

  /** What was granted could not be brought into force; it is tried again. */
  failed(pod: Pod, message: string): void {
    const grant = this.#grants.get(uidOf(pod))
    if (grant === undefined) return
    const before = grant.inProgress
    const generation = before?.observedGeneration ?? generationOf(pod)
    if (before?.reason === 'Error' && before.message === message) return
    grant.inProgress = this.#condition('inProgress', before, generation, { reason: 'Error', message })
    this.#event(pod, 'Warning', 'ResizeError', resizeMessage('Pod resize error', pod, generation, message))
  }

  /** Tries what waits, in order. */
  retry(trigger: RetryTrigger): void {
    if (!this.#waits()) return
    const waiting = [...this.#grants.values()].filter(({ queued }) => queued)
    const resizes = waiting.map((grant) => ({
      grant,
      desired: grant.desired,
      granted: withResources(grant.desired, grant.given),
      sinceMs: sinceOf(grant.pending),
    }))
    for (const { grant, granted } of inPendingOrder(resizes)) this.#try(grant, granted, trigger)
    this.#timer?.cancel()
    if (this.#waits()) this.#timer = this.#options.host.schedule(retryMs, () => this.retry('periodic_retry'))
  }

  #waits(): boolean {
    for (const { queued } of this.#grants.values()) if (queued) return true
    return false
  }

  #counts(): ResizeCounts {
    const all = [...this.#grants.values()]
    const pending = (reason: string): number => all.filter((grant) => grant.pending?.reason === reason).length
    return {
      deferred: pending('Deferred'),
      infeasible: pending('Infeasible'),
      inProgress: all.filter(({ inProgress }) => inProgress !== undefined).length,
    }
  }

  #try(grant: Grant, granted: Pod, trigger: RetryTrigger): void {
    const { desired, pending } = grant
    const generation = generationOf(desired)
    const never = desired === granted ? undefined : this.#options.infeasible?.(desired, granted)
    if (never !== undefined) {
      this.#refuse(grant, 'Infeasible', never.message)
      this.#metrics?.infeasible(never.detail)
      grant.queued = false
      return
    }
    const rejection = desired === granted ? undefined : this.#options.admit(desired)
    if (rejection !== undefined) {
      this.#refuse(grant, 'Deferred', rejection.message)
      return
    }
    this.#settle(grant)
    if (desired === granted) return
    if (pending?.reason === 'Deferred') this.#metrics?.accepted(trigger)
    grant.given = resourcesOf(desired)
    grant.inProgress = this.#condition('inProgress', undefined, generation)
    this.#keep(this.#save(uidOf(desired), grant))
    this.#event(desired, 'Normal', 'ResizeStarted', resizeMessage('Pod resize started', desired, generation))
    this.#options.onChange(uidOf(desired))
  }

  #refuse(grant: Grant, reason: 'Deferred' | 'Infeasible', message: string): void {
    const { desired, pending } = grant
    const generation = generationOf(desired)
    grant.pending = this.#condition('pending', pending, generation, { reason, message })
    if (pending?.reason !== reason || pending.observedGeneration !== generation) {
      const text = resizeMessage(`Pod resize ${reason}`, desired, generation, message)
      this.#event(desired, 'Warning', `Resize${reason}`, text)
    }
    if (pending?.message !== message || pending.observedGeneration !== generation)
      this.#options.onChange(uidOf(desired))
  }

  #settle(grant: Grant): void {
    grant.queued = false
    grant.pending = undefined
  }

  #condition(
    name: keyof typeof conditionTypes,
    before: Condition | undefined,
    observedGeneration: number,
    why: { readonly reason: string; readonly message: string } | undefined = undefined,
  ): Condition {
    const now = formatTime(this.#options.host.now())
    const isSame = before !== undefined && (before.reason ?? '') === (why?.reason ?? '')
    return {
      type: conditionTypes[name],
      status: 'True',
      observedGeneration,
      lastProbeTime: now,
      lastTransitionTime: (isSame ? before.lastTransitionTime : undefined) ?? now,
      ...why,
    }
  }

  #event(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#options.events.event(pod, type, reason, message)
  }

  #save(podUid: string, { given, inForce, podLevel }: Grant): Promise<void> {
    return this.#options.saved.put(podUid, { given, podLevel, inForce: Object.fromEntries(inForce) })
  }

  /** For what nobody waits for: it is written again before anything depends on it. */
  #keep(work: Promise<void>): void {
    work.catch((error: unknown) =>
      this.#options.logger.warn('what pods were granted could not be saved', { error }),
    )
  }
}

function sinceOf(pending: Condition | undefined): number | undefined {
  const since = pending?.lastTransitionTime
  return since === undefined || since === null ? undefined : Date.parse(since)
}
