import type { CronSchedule } from '../../api/batch/cron-job/cron-schedule.ts'
import { nextTime } from '../../api/batch/cron-job/next-time.ts'
import type { batch } from '../../api/generated/types/index.ts'
import { timeMs } from '../../apimachinery/time.ts'

type CronJob = batch.v1.CronJob

/** More missed times than these are told of: the clock, or the schedule, may be wrong. */
const manyTimes = 100

/** For clocks that are not quite right: no job is to be looked for a moment before its time. */
const paddingMs = 100

export interface Missed {
  /** When the last job was to start, when the CronJob was made, or before when it is too late. */
  readonly sinceMs: number
  /** The last time that has come since; undefined: none has. */
  readonly lastMs: number | undefined
  /** About how many have come. */
  readonly count: number
}

function sinceOf({ metadata, status, spec }: CronJob, nowMs: number, withDeadline: boolean): number {
  const known = status?.lastScheduleTime ?? metadata?.creationTimestamp
  const sinceMs = known ? timeMs(known) : 0
  const deadlineSeconds = spec?.startingDeadlineSeconds
  if (!withDeadline || deadlineSeconds === undefined) return sinceMs
  return Math.max(sinceMs, nowMs - deadlineSeconds * 1_000)
}

/**
 * Which of a CronJob's times have come since its last job: counted by the distance of the first two, so that years of
 * them cost no more than one. Undefined for a schedule that names no time.
 */
export function missedTimes(
  cronJob: CronJob,
  schedule: CronSchedule,
  nowMs: number,
  withDeadline: boolean,
): Missed | undefined {
  const sinceMs = sinceOf(cronJob, nowMs, withDeadline)
  const first = nextTime(schedule, sinceMs)
  const second = first === undefined ? undefined : nextTime(schedule, first)
  if (first === undefined || second === undefined) return undefined
  if (nowMs < first) return { sinceMs, lastMs: undefined, count: 0 }
  if (nowMs < second) return { sinceMs, lastMs: first, count: 0 }
  const distanceMs = second - first
  const count = Math.floor((nowMs - first) / distanceMs) + 1
  // Times need not be equally far from each other: the search starts one too early.
  let lastMs: number | undefined
  let next = nextTime(schedule, first + (count - 2) * distanceMs)
  for (; next !== undefined && next <= nowMs; next = nextTime(schedule, next)) lastMs = next
  return { sinceMs, lastMs, count }
}

export const areMany = ({ count }: Missed): boolean => count > manyTimes

/** Milliseconds until a CronJob is to be looked at for its next time. */
export function untilNextMs(cronJob: CronJob, schedule: CronSchedule, nowMs: number): number | undefined {
  const missed = missedTimes(cronJob, schedule, nowMs, false)
  const fromMs = missed?.lastMs ?? (missed?.count === 0 ? missed.sinceMs : nowMs)
  const next = nextTime(schedule, fromMs)
  return next === undefined ? undefined : next + paddingMs - nowMs
}
