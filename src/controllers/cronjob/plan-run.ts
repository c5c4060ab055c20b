import type { CronSchedule } from '../../api/batch/cron-job/cron-schedule.ts'
import { parseCronSchedule } from '../../api/batch/cron-job/cron-schedule.ts'
import type { batch } from '../../api/generated/types/index.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { type TimeZone, timeZoneOf, utc } from '../../apimachinery/time-zone.ts'
import { jobName } from './make-job.ts'
import { areMany, missedTimes, untilNextMs } from './missed-times.ts'

type CronJob = batch.v1.CronJob

export interface Notice {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** What a CronJob does now, and when it is to be looked at again. */
export interface RunPlan {
  readonly notices: readonly Notice[]
  /** The time that a job is to be started for. */
  readonly startMs?: number
  readonly requeueAfterMs?: number
}

const warning = (reason: string, message: string): Notice => ({ type: 'Warning', reason, message })

/** The zone of a CronJob's times; undefined: it names none that is known. */
export const zoneOf = ({ spec }: CronJob): TimeZone | undefined =>
  spec?.timeZone === undefined ? utc : timeZoneOf(spec.timeZone)

/** As the CronJob means it. */
export const scheduleOf = (cronJob: CronJob): CronSchedule | { readonly error: string } =>
  parseCronSchedule(cronJob.spec?.schedule ?? '', zoneOf(cronJob))

/** `Mon, 02 Jan 2006 15:04:05 +0000`. */
const longTime = (ms: number): string => new Date(ms).toUTCString().replace('GMT', '+0000')

/** Why no job starts for this time; undefined: one does. An empty list: it is no news. */
function whyNot(cronJob: CronJob, startMs: number, nowMs: number): readonly Notice[] | undefined {
  const { spec, status: { active = [], lastScheduleTime } = {} } = cronJob
  const deadlineSeconds = spec?.startingDeadlineSeconds
  if (deadlineSeconds !== undefined && startMs + deadlineSeconds * 1_000 < nowMs)
    return [warning('MissSchedule', `Missed scheduled time to start a job: ${longTime(startMs)}`)]
  const name = jobName(cronJob, startMs)
  if (active.some((each) => each.name === name) || lastScheduleTime === formatTime(startMs)) return []
  if (spec?.concurrencyPolicy !== 'Forbid' || active.length === 0) return undefined
  const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
  return [{ type: 'Normal', reason: 'JobAlreadyActive', message }]
}

function planTimes(cronJob: CronJob, schedule: CronSchedule, nowMs: number): RunPlan {
  const missed = missedTimes(cronJob, schedule, nowMs, true)
  if (missed === undefined) {
    const reason = 'time difference between two schedules is less than 1 second'
    return {
      notices: [warning('InvalidSchedule', `invalid schedule: ${cronJob.spec?.schedule} : ${reason}`)],
    }
  }
  const untilMs = untilNextMs(cronJob, schedule, nowMs)
  const next = untilMs === undefined ? {} : { requeueAfterMs: untilMs }
  const { lastMs } = missed
  if (lastMs === undefined) return { notices: [], ...next }
  const message =
    'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'
  const many = areMany(missed) ? [warning('TooManyMissedTimes', message)] : []
  const reasons = whyNot(cronJob, lastMs, nowMs)
  if (reasons !== undefined) return { notices: [...many, ...reasons], ...next }
  return { notices: many, startMs: lastMs, ...next }
}

/** Whether a job is to start now; `cronJob` has its status as of now. */
export function planRun(cronJob: CronJob, nowMs: number): RunPlan {
  const { metadata, spec } = cronJob
  if (metadata?.deletionTimestamp !== undefined) return { notices: [] }
  if (zoneOf(cronJob) === undefined) {
    const zone = spec?.timeZone ?? ''
    const message = `invalid timeZone: ${goQuote(zone)}: unknown time zone ${zone}`
    return { notices: [warning('UnknownTimeZone', message)] }
  }
  if (spec?.suspend === true) return { notices: [] }
  const text = spec?.schedule ?? ''
  const unsupported = text.includes('TZ')
    ? [
        warning(
          'UnsupportedSchedule',
          `CRON_TZ or TZ used in schedule ${goQuote(text)} is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details`,
        ),
      ]
    : []
  const schedule = scheduleOf(cronJob)
  if ('error' in schedule) {
    const message = `unparseable schedule: ${goQuote(text)} : ${schedule.error}`
    return { notices: [...unsupported, warning('UnparseableSchedule', message)] }
  }
  const plan = planTimes(cronJob, schedule, nowMs)
  return { ...plan, notices: [...unsupported, ...plan.notices] }
}
