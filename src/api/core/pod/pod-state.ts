import { formatTime, timeMs } from '../../../apimachinery/time.ts'
import type { core } from '../../generated/types/index.ts'

type Pod = core.v1.Pod

export function podCondition(pod: Pod, type: string): core.v1.PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type)
}

interface ConditionTraits {
  readonly type: string
  readonly status: string
  readonly lastTransitionTime?: string | null
}

/** A pod's conditions with one in its place or added; its time changes only with its status (`UpdatePodCondition`). */
export function withPodCondition<C extends ConditionTraits = core.v1.PodCondition>(
  conditions: readonly C[] | undefined = [],
  condition: C,
  nowMs: number,
): readonly C[] {
  const old = conditions.find(({ type }) => type === condition.type)
  const kept = old?.status === condition.status ? old.lastTransitionTime : undefined
  const next = { ...condition, lastTransitionTime: kept ?? formatTime(nowMs) }
  return old === undefined ? [...conditions, next] : conditions.map((each) => (each === old ? next : each))
}

export const isPodReady = (pod: Pod): boolean => podCondition(pod, 'Ready')?.status === 'True'

/** All its containers have ended for good. */
export const isPodTerminal = (pod: Pod): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

/** Neither ended nor being deleted: what counts as a replica. */
export const isPodActive = (pod: Pod): boolean =>
  !isPodTerminal(pod) && pod.metadata?.deletionTimestamp === undefined

/** Being deleted, and not ended yet. */
export const isPodTerminating = (pod: Pod): boolean =>
  !isPodTerminal(pod) && pod.metadata?.deletionTimestamp !== undefined

/** When the pod became ready, in milliseconds; undefined if it is not. */
export function podReadySinceMs(pod: Pod): number | undefined {
  const condition = podCondition(pod, 'Ready')
  if (condition?.status !== 'True' || !condition.lastTransitionTime) return undefined
  return timeMs(condition.lastTransitionTime)
}

/** When a ready pod counts, or will count, as available: ready for `minReadySeconds`. */
function podAvailableAtMs(pod: Pod, minReadySeconds: number): number | undefined {
  if (!isPodReady(pod)) return undefined
  if (minReadySeconds === 0) return 0
  const sinceMs = podReadySinceMs(pod)
  return sinceMs === undefined ? undefined : sinceMs + minReadySeconds * 1_000
}

export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const atMs = podAvailableAtMs(pod, minReadySeconds)
  return atMs !== undefined && atMs <= nowMs
}

/** In how many milliseconds the next ready pod will have been ready long enough; undefined: none waits. */
export function nextPodAvailabilityMs(
  pods: readonly Pod[],
  minReadySeconds: number,
  nowMs: number,
): number | undefined {
  if (minReadySeconds === 0) return undefined
  let earliestMs: number | undefined
  for (const pod of pods) {
    const atMs = podAvailableAtMs(pod, minReadySeconds)
    if (atMs !== undefined && atMs > nowMs) earliestMs = Math.min(earliestMs ?? atMs, atMs)
  }
  return earliestMs === undefined ? undefined : earliestMs - nowMs
}
