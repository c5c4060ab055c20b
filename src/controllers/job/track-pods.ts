import { hasIndex } from '../../api/batch/job/index-set.ts'
import type { batch } from '../../api/generated/types/index.ts'
import { type Action, judgeFailure } from './failure-policy.ts'
import { isPodFailed, type Pod, validIndex } from './job-pod.ts'
import type { Ending } from './judge-job.ts'
import { type JobView, uidOf } from './observe-job.ts'

type Status = batch.v1.JobStatus

/** Ends that one status notes at most, so that it stays small (20 KiB) and one job does not hold up the others. */
const maxNoted = 500

export interface Tracking {
  /** Pods whose finalizer goes once the status is written. */
  readonly release: readonly Pod[]
  /** Uids that the status is to note first, so that no end is lost or counted twice. */
  readonly succeeded: readonly string[]
  readonly failed: readonly string[]
  /** False: there are more. */
  readonly isWhole: boolean
  /** What the failure policy did, and how often. */
  readonly actions: ReadonlyMap<Action, number>
}

/** Counts what the status notes of pods whose finalizer is gone: `tracked` are those that have it. */
export function settleEnds(status: Status, tracked: ReadonlySet<string>): Status {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {}
  const stillSucceeded = succeeded.filter((uid) => tracked.has(uid))
  const stillFailed = failed.filter((uid) => tracked.has(uid))
  const newlySucceeded = succeeded.length - stillSucceeded.length
  const newlyFailed = failed.length - stillFailed.length
  return {
    ...status,
    ...(newlySucceeded > 0 ? { succeeded: (status.succeeded ?? 0) + newlySucceeded } : {}),
    ...(newlyFailed > 0 ? { failed: (status.failed ?? 0) + newlyFailed } : {}),
    uncountedTerminatedPods: notes(stillSucceeded, stillFailed),
  }
}

export const notes = (
  succeeded: readonly string[],
  failed: readonly string[],
): batch.v1.UncountedTerminatedPods => ({
  ...(succeeded.length > 0 ? { succeeded } : {}),
  ...(failed.length > 0 ? { failed } : {}),
})

/** A pod that has failed waits for the one that inherits its index' failures. */
function mayRelease({ job, indexes }: JobView, ending: Ending | undefined, pod: Pod): boolean {
  if (job.metadata?.deletionTimestamp !== undefined || ending !== undefined) return true
  if (pod.status?.phase === 'Succeeded') return true
  if (!isPodFailed(pod, job)) return false
  const index = validIndex(pod, job)
  return index === undefined || indexes?.lastFailed.get(index) !== pod
}

/**
 * Which ends are counted next, and whose finalizers can go. First the status notes the uids, then the finalizers
 * go, then the numbers grow (KEP-2307); for successes of an Indexed job the completed indexes do for notes.
 */
export function trackPods(view: JobView, ending: Ending | undefined, status: Status): Tracking {
  const { job, tracked, indexes } = view
  const before = job.status?.uncountedTerminatedPods
  const known = { succeeded: new Set(before?.succeeded), failed: new Set(before?.failed) }
  const noted = status.uncountedTerminatedPods
  let count = (noted?.succeeded?.length ?? 0) + (noted?.failed?.length ?? 0)
  const release: Pod[] = []
  const succeeded: string[] = []
  const failed: string[] = []
  const actions = new Map<Action, number>()
  // When the job has failed, so has what is left of it.
  const isFailure = (pod: Pod): boolean => isPodFailed(pod, job) || ending?.succeeds === false
  const noteFailure = (pod: Pod, uid: string): void => {
    const { action, counts } = judgeFailure(job.spec?.podFailurePolicy, pod)
    if (action !== undefined) actions.set(action, (actions.get(action) ?? 0) + 1)
    if (counts) failed.push(uid)
  }
  for (const pod of tracked) {
    if (count + succeeded.length + failed.length >= maxNoted)
      return { release, succeeded, failed, isWhole: false, actions }
    if (!mayRelease(view, ending, pod)) continue
    release.push(pod)
    const uid = uidOf(pod)
    const index = validIndex(pod, job)
    if (pod.status?.phase === 'Succeeded' && !known.failed.has(uid)) {
      if (indexes === undefined) {
        if (!known.succeeded.has(uid)) succeeded.push(uid)
      } else if (index !== undefined && !hasIndex(indexes.completedBefore, index)) count++
    } else if (isFailure(pod) && !known.failed.has(uid) && (indexes === undefined || index !== undefined)) {
      noteFailure(pod, uid)
    }
  }
  return { release, succeeded, failed, isWhole: true, actions }
}
