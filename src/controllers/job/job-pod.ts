import { completionIndexKey, trackingFinalizer } from '../../api/batch/job/labels.ts'
import { isPodTerminating } from '../../api/core/pod/pod-state.ts'
import type { batch, core } from '../../api/generated/types/index.ts'
import { goInt } from '../../apimachinery/go-text.ts'

export type Job = batch.v1.Job
export type Pod = core.v1.Pod

export const isIndexed = ({ spec }: Job): boolean => spec?.completionMode === 'Indexed'

/** Pods on their way out are replaced when they have ended, not before. */
export const replacesOnlyFailed = ({ spec }: Job): boolean =>
  spec?.podReplacementPolicy === 'Failed' || spec?.podFailurePolicy !== undefined

/** One that is being deleted may never say that it has failed. */
export const isPodFailed = (pod: Pod, job: Job): boolean =>
  pod.status?.phase === 'Failed' || (!replacesOnlyFailed(job) && isPodTerminating(pod))

/** It waits to be counted. */
export const isTracked = ({ metadata }: Pod): boolean =>
  metadata?.finalizers?.includes(trackingFinalizer) === true

/** Undefined where the pod has none that makes sense. */
export function completionIndex({ metadata }: Pod): number | undefined {
  const index = goInt(metadata?.annotations?.[completionIndexKey])
  return index !== undefined && index >= 0 ? index : undefined
}

/** Of an Indexed job, undefined also for an index that the job does not have (any more). */
export function validIndex(pod: Pod, { spec }: Job): number | undefined {
  const index = completionIndex(pod)
  return index !== undefined && index < (spec?.completions ?? 0) ? index : undefined
}

/** Another controller's: this one leaves it alone (KEP-4368). */
export const isManagedElsewhere = ({ spec }: Job): boolean =>
  spec?.managedBy !== undefined && spec.managedBy !== 'kubernetes.io/job-controller'
