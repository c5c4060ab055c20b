import {
  countIndexSet,
  hasIndex,
  type IndexSet,
  indexSetOf,
  joinIndexes,
  parseIndexes,
} from '../../api/batch/job/index-set.ts'
import { isPodActive, isPodTerminating } from '../../api/core/pod/pod-state.ts'
import {
  type Failures,
  ignoredIndexFailures,
  indexFailures,
  nextFailures,
  podFinishedMs,
} from './back-off.ts'
import { judgeFailure } from './failure-policy.ts'
import type { PodGroup } from './gang.ts'
import { isIndexed, isPodFailed, isTracked, type Job, type Pod, validIndex } from './job-pod.ts'

/** What is known of an Indexed job's indexes. */
export interface Indexes {
  /** That the status has. */
  readonly completedBefore: IndexSet
  readonly completed: IndexSet
  /** Undefined without a limit for each index. */
  readonly failed: IndexSet | undefined
  /** With such a limit: the pod that failed last of an index that waits for its next one, which inherits its count. */
  readonly lastFailed: ReadonlyMap<number, Pod>
}

/** A job and its pods as one reconcile sees them. */
export interface JobView {
  readonly job: Job
  readonly nowMs: number
  readonly pods: readonly Pod[]
  /** Those with the finalizer: not counted in the status' numbers yet. */
  readonly tracked: readonly Pod[]
  readonly active: readonly Pod[]
  readonly terminating: readonly Pod[]
  /** Ends that the status has, counted or noted, and those that it has not. */
  readonly succeeded: number
  readonly failed: number
  /** Of pods and of what the last reconciles saw. */
  readonly failures: Failures
  /** Of an Indexed job. */
  readonly indexes: Indexes | undefined
  /** In which its new pods are scheduled; absent: each by itself. */
  readonly group?: PodGroup
}

export interface Observed {
  readonly job: Job
  /** All that the job controls. */
  readonly pods: readonly Pod[]
  /** Pods whose finalizer we have removed, also where a cache still shows it. */
  readonly released: ReadonlySet<string>
  readonly failures: Failures
  readonly nowMs: number
}

export const uidOf = ({ metadata }: Pod): string => metadata?.uid ?? ''

/** Pods that have ended and that nothing in the status tells of. */
function newlyEnded(
  job: Job,
  tracked: readonly Pod[],
  known: readonly string[] = [],
  isIt: (pod: Pod) => boolean,
): readonly Pod[] {
  const noted = new Set(known)
  return tracked.filter(
    (pod) => isIt(pod) && !noted.has(uidOf(pod)) && (!isIndexed(job) || validIndex(pod, job) !== undefined),
  )
}

const validIndexes = (pods: readonly Pod[], job: Job): readonly number[] =>
  pods.map((pod) => validIndex(pod, job)).filter((index) => index !== undefined)

/** It used up what its index may fail, or is told to by the policy. */
function isIndexFailed(pod: Pod, { spec }: Job): boolean {
  const { action, counts } = judgeFailure(spec?.podFailurePolicy, pod)
  return action === 'FailIndex' || (counts && indexFailures(pod) >= (spec?.backoffLimitPerIndex ?? 0))
}

const allFailures = (pod: Pod): number => indexFailures(pod) + ignoredIndexFailures(pod)

const isLater = (pod: Pod, other: Pod): boolean =>
  allFailures(pod) >= allFailures(other) && podFinishedMs(pod) >= podFinishedMs(other)

function lastFailedPods(
  job: Job,
  failed: readonly Pod[],
  settled: (index: number) => boolean,
): ReadonlyMap<number, Pod> {
  const last = new Map<number, Pod>()
  for (const pod of failed) {
    const index = validIndex(pod, job)
    if (index === undefined || settled(index)) continue
    const other = last.get(index)
    if (other === undefined || isLater(pod, other)) last.set(index, pod)
  }
  return last
}

function observeIndexes(job: Job, tracked: readonly Pod[], active: readonly Pod[]): Indexes | undefined {
  if (!isIndexed(job)) return undefined
  const { completions = 0, backoffLimitPerIndex } = job.spec ?? {}
  const completedBefore = parseIndexes(job.status?.completedIndexes, completions)
  const succeeded = tracked.filter(({ status }) => status?.phase === 'Succeeded')
  const completed = joinIndexes(completedBefore, indexSetOf(validIndexes(succeeded, job)))
  if (backoffLimitPerIndex === undefined)
    return { completedBefore, completed, failed: undefined, lastFailed: new Map() }
  const failedPods = tracked.filter((pod) => isPodFailed(pod, job))
  const exhausted = failedPods.filter((pod) => isIndexFailed(pod, job))
  const failed = joinIndexes(
    parseIndexes(job.status?.failedIndexes, completions),
    indexSetOf(validIndexes(exhausted, job)),
  )
  const running = indexSetOf(validIndexes(active, job))
  const settled = (index: number): boolean => [completed, failed, running].some((set) => hasIndex(set, index))
  return { completedBefore, completed, failed, lastFailed: lastFailedPods(job, failedPods, settled) }
}

/** Counts what a job's pods have come to. Pure. */
export function observeJob({ job, pods, released, failures, nowMs }: Observed): JobView {
  const { succeeded = 0, failed = 0, uncountedTerminatedPods: uncounted = {} } = job.status ?? {}
  const tracked = pods.filter((pod) => isTracked(pod) && !released.has(uidOf(pod)))
  const active = pods.filter(isPodActive)
  const newlySucceeded = newlyEnded(
    job,
    tracked,
    uncounted.succeeded,
    ({ status }) => status?.phase === 'Succeeded',
  )
  const newlyFailed = newlyEnded(job, tracked, uncounted.failed, (pod) => isPodFailed(pod, job))
  const counted = newlyFailed.filter((pod) => judgeFailure(job.spec?.podFailurePolicy, pod).counts)
  const indexes = observeIndexes(job, tracked, active)
  return {
    job,
    nowMs,
    pods,
    tracked,
    active,
    terminating: pods.filter(isPodTerminating),
    succeeded:
      indexes === undefined
        ? succeeded + newlySucceeded.length + (uncounted.succeeded?.length ?? 0)
        : countIndexSet(indexes.completed),
    failed: failed + counted.length + (uncounted.failed?.length ?? 0),
    failures: nextFailures(failures, newlySucceeded, newlyFailed),
    indexes,
  }
}
