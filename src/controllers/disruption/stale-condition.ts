import { isPodTerminal, podCondition } from '../../api/core/pod/pod-state.ts'
import type { core } from '../../api/generated/types/index.ts'
import { timeMs } from '../../apimachinery/time.ts'

/** How long a pod may be said to be disrupted without being deleted (upstream's stalePodDisruptionTimeout). */
const staleMs = 120_000

/** When the pod's DisruptionTarget condition is stale; undefined for a pod that has none that can be. */
export function disruptionStaleAtMs(pod: core.v1.Pod): number | undefined {
  if (pod.metadata?.deletionTimestamp !== undefined || isPodTerminal(pod)) return undefined
  const condition = podCondition(pod, 'DisruptionTarget')
  // A kubelet that ends a pod may take its time until the pod is deleted.
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined
  return condition.lastTransitionTime ? timeMs(condition.lastTransitionTime) + staleMs : 0
}
