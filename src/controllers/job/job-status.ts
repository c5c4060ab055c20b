import { countIndexSet, formatIndexes } from '../../api/batch/job/index-set.ts'
import { isPodReady } from '../../api/core/pod/pod-state.ts'
import type { batch } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { defined } from '../../base/defined.ts'
import { nonZero } from '../../base/non-zero.ts'
import { type Reason, withCondition } from './conditions.ts'
import type { Job, Pod } from './job-pod.ts'
import type { Ending } from './judge-job.ts'
import type { JobView } from './observe-job.ts'
import { notes, type Tracking } from './track-pods.ts'

export type Status = batch.v1.JobStatus

const suspended: Reason = { reason: 'JobSuspended', message: 'Job suspended' }
const resumed: Reason = { reason: 'JobResumed', message: 'Job resumed' }

/** What a job's status says before anything happens in this reconcile. */
export function startedStatus({ spec, status = {} }: Job, nowMs: number): Status {
  const uncountedTerminatedPods = status.uncountedTerminatedPods ?? {}
  const starts = status.startTime === undefined && spec?.suspend !== true
  return { ...status, uncountedTerminatedPods, ...(starts ? { startTime: formatTime(nowMs) } : {}) }
}

export interface Suspension {
  readonly status: Status
  /** What there is to tell. */
  readonly event?: { readonly reason: 'Suspended' | 'Resumed'; readonly message: string }
}

/** A job that is suspended has no start; one that is resumed starts anew. */
export function withSuspension({ spec }: Job, status: Status, nowMs: number): Suspension {
  const { conditions: known = [], startTime: _, ...rest } = status
  const suspends = spec?.suspend === true
  const reason = suspends ? suspended : resumed
  const conditions = withCondition(known, 'Suspended', suspends ? 'True' : 'False', reason, nowMs)
  if (conditions === known) return { status }
  return {
    status: { ...rest, conditions, ...(suspends ? {} : { startTime: formatTime(nowMs) }) },
    event: { reason: suspends ? 'Suspended' : 'Resumed', message: reason.message },
  }
}

export interface Progress {
  readonly created: number
  readonly removed: readonly Pod[]
}

export const activeAfter = ({ active }: JobView, { created, removed }: Progress): number =>
  active.length + created - removed.length

/** The status with this reconcile's numbers, ends that are to be counted, and how the job is to end. */
export function progressStatus(
  view: JobView,
  status: Status,
  progress: Progress,
  tracking: Tracking,
  ending: Ending | undefined,
): Status {
  const { active, terminating, indexes, nowMs } = view
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {}
  const announced = ending?.succeeds === true ? 'SuccessCriteriaMet' : 'FailureTarget'
  const conditions = status.conditions ?? []
  return defined({
    ...status,
    active: nonZero(activeAfter(view, progress)),
    ready: active.filter(isPodReady).length - progress.removed.filter(isPodReady).length,
    terminating: terminating.length + progress.removed.length,
    uncountedTerminatedPods: notes([...succeeded, ...tracking.succeeded], [...failed, ...tracking.failed]),
    ...(indexes === undefined
      ? {}
      : {
          succeeded: nonZero(countIndexSet(indexes.completed)),
          completedIndexes: formatIndexes(indexes.completed) || undefined,
          failedIndexes: indexes.failed && formatIndexes(indexes.failed),
        }),
    conditions:
      ending === undefined ? status.conditions : withCondition(conditions, announced, 'True', ending, nowMs),
  })
}

/** The last word, once every end is counted and no pod is on its way out; undefined before. */
export function finishedStatus(status: Status, ending: Ending, nowMs: number): Status | undefined {
  const { conditions = [], uncountedTerminatedPods: { succeeded = [], failed = [] } = {} } = status
  if (succeeded.length + failed.length + (status.terminating ?? 0) > 0) return undefined
  return {
    ...status,
    conditions: withCondition(conditions, ending.succeeds ? 'Complete' : 'Failed', 'True', ending, nowMs),
    ...(ending.succeeds ? { completionTime: formatTime(nowMs) } : {}),
  }
}
