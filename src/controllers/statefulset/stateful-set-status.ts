import { isPodAvailable, isPodReady } from '../../api/core/pod/pod-state.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { defined } from '../../base/defined.ts'
import { nonZero } from '../../base/non-zero.ts'
import { revisionOf } from './identity.ts'
import { replicasOf } from './ordinals.ts'

export interface ObservedSet {
  readonly pods: readonly core.v1.Pod[]
  /** Names of the two revisions. */
  readonly current: string
  readonly update: string
  readonly collisionCount: number
  readonly nowMs: number
}

/** A set's status as its pods are; an update that is complete makes its revision the current one. */
export function statefulSetStatus(
  set: apps.v1.StatefulSet,
  { pods, current, update, collisionCount, nowMs }: ObservedSet,
): apps.v1.StatefulSetStatus {
  const minReadySeconds = set.spec?.minReadySeconds ?? 0
  const wanted = replicasOf(set)
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod))
  const staying = pods.filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
  const of = (revision: string): number => staying.filter((pod) => revisionOf(pod) === revision).length
  const updated = of(update)
  const isComplete =
    set.spec?.updateStrategy?.type === 'RollingUpdate' &&
    updated === wanted &&
    ready.length === wanted &&
    pods.length === wanted
  const { conditions } = set.status ?? {}
  return defined({
    observedGeneration: nonZero(set.metadata?.generation ?? 0),
    replicas: pods.length,
    readyReplicas: nonZero(ready.length),
    currentReplicas: nonZero(isComplete ? updated : of(current)),
    updatedReplicas: nonZero(updated),
    currentRevision: isComplete ? update : current,
    updateRevision: update,
    collisionCount,
    conditions,
    availableReplicas: ready.filter((pod) => isPodAvailable(pod, minReadySeconds, nowMs)).length,
  })
}
