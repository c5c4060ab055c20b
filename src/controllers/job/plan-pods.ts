import { indexSetOf, joinIndexes, missingIndexes } from '../../api/batch/job/index-set.ts'
import { rankActivePods } from '../../reconcile/rank-pods.ts'
import { backOffMs, failuresOfIndex } from './back-off.ts'
import { completionIndex, isIndexed, type Pod, replacesOnlyFailed, validIndex } from './job-pod.ts'
import type { Indexes, JobView } from './observe-job.ts'

/** Creations or deletions of one reconcile at most. */
const maxPodsAtOnce = 500

export interface PodPlan {
  /** Active pods that are too many; they are not counted as failures. */
  readonly remove: readonly Pod[]
  /** One for each pod that is missing: its index, undefined for a job without. */
  readonly create: readonly (number | undefined)[]
  /** Pods are missing, but failures hold them back for so long. */
  readonly waitMs?: number
}

const nothing: PodPlan = { remove: [], create: [] }

function wantedActive({ job, active, succeeded }: JobView): number {
  const { completions, parallelism = 0 } = job.spec ?? {}
  // Without a number of completions, one success lets what is running end.
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism
  return Math.max(0, Math.min(completions - succeeded, parallelism))
}

/** Of an Indexed job: what has no index of it goes, and all but one of an index. */
function splitByIndex({ job, active }: JobView): { readonly superfluous: Pod[]; readonly left: Pod[] } {
  const superfluous: Pod[] = []
  const byIndex = new Map<number, Pod[]>()
  for (const pod of active) {
    const index = validIndex(pod, job)
    const others = index === undefined ? superfluous : byIndex.get(index)
    if (others !== undefined) others.push(pod)
    else if (index !== undefined) byIndex.set(index, [pod])
  }
  const left: Pod[] = []
  for (const [, pods] of [...byIndex].sort(([one], [other]) => one - other)) {
    const ranked = pods.length === 1 ? pods : rankActivePods(pods)
    superfluous.push(...ranked.slice(0, -1))
    left.push(...ranked.slice(-1))
  }
  return { superfluous, left }
}

function podsToRemove(view: JobView, atLeast: number): readonly Pod[] {
  const { superfluous, left } = isIndexed(view.job)
    ? splitByIndex(view)
    : { superfluous: [], left: view.active }
  const more = atLeast - superfluous.length
  return more <= 0 ? superfluous : [...superfluous, ...rankActivePods(left).slice(0, more)]
}

const indexesOf = (pods: readonly Pod[]): readonly number[] =>
  pods.map(completionIndex).filter((index) => index !== undefined)

function pendingIndexes(view: JobView, { completed, failed }: Indexes, count: number): readonly number[] {
  const { job, active, terminating } = view
  const taken = joinIndexes(
    completed,
    failed ?? [],
    indexSetOf(indexesOf(active)),
    replacesOnlyFailed(job) ? indexSetOf(indexesOf(terminating)) : [],
  )
  return missingIndexes(taken, job.spec?.completions ?? 0, count)
}

function creations(view: JobView, missing: number): PodPlan {
  const { job, failures, indexes, nowMs } = view
  const perIndex = job.spec?.backoffLimitPerIndex !== undefined
  const waitMs = perIndex ? 0 : backOffMs(failures, nowMs)
  if (waitMs > 0) return { ...nothing, waitMs }
  const count = Math.min(missing, maxPodsAtOnce)
  if (indexes === undefined) return { ...nothing, create: Array.from({ length: count }, () => undefined) }
  const pending = pendingIndexes(view, indexes, count)
  const waits = pending.map((index) => {
    const last = indexes.lastFailed.get(index)
    return last === undefined ? 0 : backOffMs(failuresOfIndex(last), nowMs)
  })
  const create = pending.filter((_, at) => waits[at] === 0)
  return create.length > 0 || waits.length === 0
    ? { ...nothing, create }
    : { ...nothing, waitMs: Math.min(...waits) }
}

/** Which pods a job that goes on is to lose or to get: never both at a time, and removals first. */
export function planPods(view: JobView): PodPlan {
  const { job, active, terminating } = view
  if (job.spec?.suspend === true) return { ...nothing, remove: podsToRemove(view, active.length) }
  const wanted = wantedActive(view)
  const remove = podsToRemove(view, Math.max(0, active.length - wanted))
  if (remove.length > 0) return { ...nothing, remove: remove.slice(0, maxPodsAtOnce) }
  const missing = wanted - active.length - (replacesOnlyFailed(job) ? terminating.length : 0)
  return missing > 0 ? creations(view, missing) : nothing
}
