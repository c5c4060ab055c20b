import { isPodAvailable, isPodReady } from '../../api/core/pod/pod-state.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { labelMatcherOfMap } from '../../apimachinery/selectors/label-selector.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { defined } from '../../base/defined.ts'
import { nonZero } from '../../base/non-zero.ts'
import type { ReplicaOwner } from './replica-controller.ts'

export interface Observed {
  /** Active pods of the owner, as they were before this reconcile. */
  readonly pods: readonly core.v1.Pod[]
  readonly terminating: number
  /** Why pods could not be created or deleted. */
  readonly failure: Error | undefined
  readonly nowMs: number
}

/** What is known of an owner's pods, for either kind. */
export type ReplicaStatus = apps.v1.ReplicaSetStatus

function conditionsOf(owner: ReplicaOwner, observed: Observed): readonly apps.v1.ReplicaSetCondition[] {
  const conditions = owner.status?.conditions ?? []
  const known = conditions.some(({ type }) => type === 'ReplicaFailure')
  const { failure, pods, nowMs } = observed
  if (failure === undefined)
    return known ? conditions.filter(({ type }) => type !== 'ReplicaFailure') : conditions
  if (known) return conditions
  const excess = pods.length - (owner.spec?.replicas ?? 0)
  const condition: apps.v1.ReplicaSetCondition = {
    type: 'ReplicaFailure',
    status: 'True',
    lastTransitionTime: formatTime(nowMs),
    reason: excess < 0 ? 'FailedCreate' : 'FailedDelete',
    message: failure.message,
  }
  return [...conditions, condition]
}

/** An owner's status as its pods are. */
export function replicaStatus(owner: ReplicaOwner, observed: Observed): ReplicaStatus {
  const { pods, terminating, nowMs } = observed
  const labelled = labelMatcherOfMap(owner.spec?.template?.metadata?.labels)
  const minReadySeconds = owner.spec?.minReadySeconds ?? 0
  const conditions = conditionsOf(owner, observed)
  let [fullyLabeled, ready, available] = [0, 0, 0]
  for (const pod of pods) {
    if (labelled.matches(pod.metadata?.labels)) fullyLabeled++
    if (!isPodReady(pod)) continue
    ready++
    if (minReadySeconds === 0 || isPodAvailable(pod, minReadySeconds, nowMs)) available++
  }
  return defined({
    replicas: pods.length,
    fullyLabeledReplicas: nonZero(fullyLabeled),
    readyReplicas: nonZero(ready),
    availableReplicas: nonZero(available),
    terminatingReplicas: terminating,
    observedGeneration: nonZero(owner.metadata?.generation ?? 0),
    conditions: conditions.length === 0 ? undefined : conditions,
  })
}
