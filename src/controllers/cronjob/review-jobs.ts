import type { batch, core } from '../../api/generated/types/index.ts'
import { timeMs } from '../../apimachinery/time.ts'

type CronJob = batch.v1.CronJob
type Job = batch.v1.Job
type Status = batch.v1.CronJobStatus

/** How the job has ended; undefined: it has not. */
export const endOf = ({ status }: Job): string | undefined =>
  status?.conditions?.find(
    ({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True',
  )?.type

const isActive = ({ active = [] }: Status, { metadata }: Job): boolean =>
  active.some(({ uid }) => uid === metadata?.uid)

export function withoutActive(status: Status, uid: string | undefined): Status {
  const { active = [], ...rest } = status
  const left = active.filter((reference) => reference.uid !== uid)
  return left.length === 0 ? rest : { ...rest, active: left }
}

export interface Review {
  readonly status: Status
  /** Jobs that were active and have ended. */
  readonly ended: readonly Job[]
  /** Jobs that run and that the status does not know. */
  readonly unexpected: readonly Job[]
  /** What the status has for active and that is not there. */
  readonly missing: readonly core.v1.ObjectReference[]
}

function withSuccess(status: Status, { status: { completionTime } = {} }: Job): Status {
  if (completionTime === undefined) return status
  const { lastSuccessfulTime } = status
  const isNews = lastSuccessfulTime === undefined || timeMs(completionTime) > timeMs(lastSuccessfulTime)
  return isNews ? { ...status, lastSuccessfulTime: completionTime } : status
}

/** Compares what a CronJob knows of its jobs with the jobs. */
export function reviewJobs(status: Status, jobs: readonly Job[]): Review {
  let next = status
  const ended: Job[] = []
  const unexpected: Job[] = []
  for (const job of jobs) {
    const end = endOf(job)
    if (end === undefined) {
      if (!isActive(next, job)) unexpected.push(job)
      continue
    }
    if (isActive(next, job)) {
      ended.push(job)
      next = withoutActive(next, job.metadata?.uid)
    }
    if (end === 'Complete') next = withSuccess(next, job)
  }
  const there = new Set(jobs.map(({ metadata }) => metadata?.uid))
  const missing = (next.active ?? []).filter(({ uid }) => !there.has(uid))
  return { status: next, ended, unexpected, missing }
}

const startOf = ({ status }: Job): number =>
  status?.startTime === undefined ? Number.POSITIVE_INFINITY : timeMs(status.startTime)

function compareStarts(one: Job, other: Job): number {
  const [first, second] = [startOf(one), startOf(other)]
  if (first !== second) return first - second
  return (one.metadata?.name ?? '') < (other.metadata?.name ?? '') ? -1 : 1
}

/** Ended jobs beyond what the CronJob keeps of each sort, those that started first. */
export function superfluousJobs({ spec }: CronJob, jobs: readonly Job[]): readonly Job[] {
  const beyond = (type: string, limit: number | undefined): readonly Job[] => {
    const all = jobs.filter((job) => endOf(job) === type)
    if (limit === undefined || all.length <= limit) return []
    return all.sort(compareStarts).slice(0, all.length - limit)
  }
  return [
    ...beyond('Complete', spec?.successfulJobsHistoryLimit),
    ...beyond('Failed', spec?.failedJobsHistoryLimit),
  ]
}
