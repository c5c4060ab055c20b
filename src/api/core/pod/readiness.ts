import { timeMs } from '../../../apimachinery/time.ts'
import type { core } from '../../generated/types/index.ts'

export function podCondition(pod: core.v1.Pod, type: string): core.v1.PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type)
}

export const isPodReady = (pod: core.v1.Pod): boolean => podCondition(pod, 'Ready')?.status === 'True'

/** Ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: core.v1.Pod, minReadySeconds: number, nowMs: number): boolean {
  const condition = podCondition(pod, 'Ready')
  if (condition?.status !== 'True') return false
  if (minReadySeconds === 0) return true
  const since = condition.lastTransitionTime
  return since !== undefined && timeMs(since) + minReadySeconds * 1000 <= nowMs
}

/** Nothing of it will run again. */
export const isPodTerminal = (pod: core.v1.Pod): boolean =>
  pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded'

/** Neither ended nor being deleted: what controllers count. */
export const isPodActive = (pod: core.v1.Pod): boolean =>
  !isPodTerminal(pod) && pod.metadata?.deletionTimestamp === undefined

export const isPodTerminating = (pod: core.v1.Pod): boolean =>
  !isPodTerminal(pod) && pod.metadata?.deletionTimestamp !== undefined
