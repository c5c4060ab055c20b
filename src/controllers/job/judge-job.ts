import { countIndexSet } from '../../api/batch/job/index-set.ts'
import { timeMs } from '../../apimachinery/time.ts'
import { type Reason, trueCondition } from './conditions.ts'
import { judgeFailure } from './failure-policy.ts'
import { isPodFailed, type Job, type Pod } from './job-pod.ts'
import type { Indexes, JobView } from './observe-job.ts'
import { metSuccessRule } from './success-policy.ts'

/** How a job ends: first it says that it will (`SuccessCriteriaMet`, `FailureTarget`), and when no pod is left that it has. */
export interface Ending extends Reason {
  readonly succeeds: boolean
}

const fails = (reason: string, message: string): Ending => ({ succeeds: false, reason, message })

function announced({ status }: Job): Ending | undefined {
  const met = trueCondition(status?.conditions, 'SuccessCriteriaMet')
  const known = met ?? trueCondition(status?.conditions, 'FailureTarget')
  if (known === undefined) return undefined
  return { succeeds: met !== undefined, reason: known.reason ?? '', message: known.message ?? '' }
}

function failedByPolicy({ job, pods }: JobView): Ending | undefined {
  const policy = job.spec?.podFailurePolicy
  if (policy === undefined) return undefined
  for (const pod of pods) {
    const message = isPodFailed(pod, job) ? judgeFailure(policy, pod).message : undefined
    if (message !== undefined) return fails('PodFailurePolicy', message)
  }
  return undefined
}

const restartsOf = ({ status }: Pod): number =>
  [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].reduce(
    (sum, { restartCount = 0 }) => sum + restartCount,
    0,
  )

/** Containers that are started again in their pods are failures, too. */
function restartsExceed({ job, pods }: JobView, limit: number): boolean {
  if (job.spec?.template.spec?.restartPolicy !== 'OnFailure') return false
  const living = pods.filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
  const restarts = living.reduce((sum, pod) => sum + restartsOf(pod), 0)
  return limit === 0 ? restarts > 0 : restarts >= limit
}

/** Milliseconds until the job has been active for too long; undefined: it may be for ever, or is not now. */
export function untilDeadlineMs({ spec, status }: Job, nowMs: number): number | undefined {
  const { activeDeadlineSeconds, suspend } = spec ?? {}
  if (activeDeadlineSeconds === undefined || suspend === true || status?.startTime === undefined)
    return undefined
  return timeMs(status.startTime) + activeDeadlineSeconds * 1_000 - nowMs
}

function failedByLimits(view: JobView): Ending | undefined {
  const { job, failed, nowMs } = view
  const limit = job.spec?.backoffLimit ?? 0
  if (failed > limit || restartsExceed(view, limit))
    return fails('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  if ((untilDeadlineMs(job, nowMs) ?? 1) <= 0)
    return fails('DeadlineExceeded', 'Job was active longer than specified deadline')
  return undefined
}

function failedByIndexes({ spec }: Job, { failed, completed }: Indexes): Ending | undefined {
  const count = countIndexSet(failed ?? [])
  if (spec?.maxFailedIndexes !== undefined && count > spec.maxFailedIndexes) {
    const message = 'Job has exceeded the specified maximal number of failed indexes'
    return fails('MaxFailedIndexesExceeded', message)
  }
  if (count > 0 && count + countIndexSet(completed) >= (spec?.completions ?? 0))
    return fails('FailedIndexes', 'Job has failed indexes')
  return undefined
}

function succeededByPolicy({ job, indexes }: JobView): Ending | undefined {
  const message = job.spec && indexes && metSuccessRule(job.spec, indexes.completed)
  return message === undefined ? undefined : { succeeds: true, reason: 'SuccessPolicy', message }
}

/** Whether the job ends, whatever is still running; what it has said before counts first. */
export const judgeJob = (view: JobView): Ending | undefined =>
  announced(view.job) ??
  failedByPolicy(view) ??
  failedByLimits(view) ??
  (view.indexes && failedByIndexes(view.job, view.indexes)) ??
  succeededByPolicy(view)

/** Whether a job with so many active pods has nothing left to do. */
export function isComplete({ job, succeeded }: JobView, active: number): Ending | undefined {
  const { completions } = job.spec ?? {}
  if (active > 0 || (completions === undefined ? succeeded === 0 : succeeded < completions)) return undefined
  return {
    succeeds: true,
    reason: 'CompletionsReached',
    message: 'Reached expected number of succeeded pods',
  }
}
