import { CronJob as CronJobKind } from '../../api/batch/cron-job/kind.ts'
import { Job as JobKind } from '../../api/batch/job/kind.ts'
import type { batch } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import {
  type AnyController,
  type ControllerSetup,
  defineController,
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
} from '../../reconcile/controller.ts'
import { controllerIndex, keyOf, splitKey } from '../../reconcile/owner-references.ts'
import { confirmedStatus, deleteJob, startJob } from './job-control.ts'
import { untilNextMs } from './missed-times.ts'
import { planRun, scheduleOf } from './plan-run.ts'
import { endOf, reviewJobs, superfluousJobs, withoutActive } from './review-jobs.ts'

type CronJob = batch.v1.CronJob
type Status = batch.v1.CronJobStatus

/** Removes what is beyond the history, and tells of what has ended, is missing or was not expected. */
async function review(
  cronJob: CronJob,
  jobs: readonly batch.v1.Job[],
  context: ReconcileContext,
): Promise<Status> {
  const { events } = context
  let before = cronJob.status ?? {}
  for (const job of superfluousJobs(cronJob, jobs))
    if (await deleteJob(cronJob, job, context)) before = withoutActive(before, job.metadata?.uid)
  const found = reviewJobs(before, jobs)
  for (const job of found.ended) {
    const message = `Saw completed job: ${job.metadata?.name}, condition: ${endOf(job)}`
    events.event(cronJob, 'Normal', 'SawCompletedJob', message)
  }
  return confirmedStatus(cronJob, found, context)
}

async function reconcile(key: Key, context: ReconcileContext): Promise<Outcome> {
  const { cache, api, events, host } = context
  const cronJob = cache.of(CronJobKind).get(...splitKey(key))
  if (cronJob === undefined) return done
  const jobs = cache.of(JobKind).byIndex(controllerIndex, cronJob.metadata?.uid ?? '')
  let current = { ...cronJob, status: await review(cronJob, jobs, context) }
  const plan = planRun(current, host.now())
  for (const { type, reason, message } of plan.notices) events.event(cronJob, type, reason, message)
  try {
    if (plan.startMs !== undefined)
      current = { ...current, status: await startJob(current, plan.startMs, context) }
  } finally {
    if (!jsonEqual(cronJob.status ?? {}, current.status))
      await api.resource(CronJobKind).updateStatus(current)
  }
  return plan.requeueAfterMs === undefined ? done : requeueAfter(plan.requeueAfterMs)
}

const sameTimes = (one: CronJob, other: CronJob): boolean =>
  one.spec?.schedule === other.spec?.schedule && one.spec?.timeZone === other.spec?.timeZone

/** A new schedule says when to look next, not that a time of it has been missed. */
function followSchedules({ informers, events, host, enqueue }: ControllerSetup): void {
  informers.informer(CronJobKind).onChange((cronJob, old) => {
    if (cronJob === undefined || old === undefined || sameTimes(cronJob, old)) return
    const schedule = scheduleOf(cronJob)
    if ('error' in schedule) {
      const message = `unparseable schedule for cronjob: ${cronJob.spec?.schedule}`
      events.event(cronJob, 'Warning', 'UnParseableCronJobSchedule', message)
      return
    }
    const delayMs = untilNextMs(cronJob, schedule, host.now())
    if (delayMs !== undefined) enqueue(keyOf(cronJob), delayMs)
  })
}

/** Starts a Job whenever the schedule of a CronJob says so, and keeps some of those that have ended. */
export const cronJobController: AnyController = defineController({
  name: 'cronjob',
  reconciles: CronJobKind,
  owns: [JobKind],
  when: (cronJob, old) => cronJob === undefined || old === undefined || sameTimes(cronJob, old),
  permissions: [
    { group: 'batch', resources: ['cronjobs'], verbs: ['get', 'list', 'update', 'watch'] },
    {
      group: 'batch',
      resources: ['jobs'],
      verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    },
    { group: 'batch', resources: ['cronjobs/status', 'cronjobs/finalizers'], verbs: ['update'] },
    { group: '', resources: ['pods'], verbs: ['delete', 'list', 'watch'] },
  ],
  setUp: followSchedules,
  reconcile,
})
