import { CronJob as CronJobKind } from '../../api/batch/cron-job/kind.ts'
import { Job as JobKind } from '../../api/batch/job/kind.ts'
import type { batch, core } from '../../api/generated/types/index.ts'
import { hasCause, isStatus } from '../../apimachinery/status-error.ts'
import { formatTime, timeMs } from '../../apimachinery/time.ts'
import { utc } from '../../apimachinery/time-zone.ts'
import { defined } from '../../base/defined.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Histogram, Metrics } from '../../base/metrics.ts'
import type { ReconcileContext } from '../../reconcile/controller.ts'
import { controllerOf } from '../../reconcile/owner-references.ts'
import { makeJob } from './make-job.ts'
import { zoneOf } from './plan-run.ts'
import { type Review, withoutActive } from './review-jobs.ts'

type CronJob = batch.v1.CronJob
type Job = batch.v1.Job
type Status = batch.v1.CronJobStatus

/** 1 s, doubled ten times. */
const buckets = Array.from({ length: 10 }, (_, power) => 2 ** power)

const skewOf = (metrics: Metrics): Histogram =>
  metrics.histogram({
    name: 'cronjob_controller_job_creation_skew_duration_seconds',
    help: 'Time between when a cronjob is scheduled to be run, and when the corresponding job is created',
    buckets,
  })

/** Undefined: there is none. */
async function liveJob({ api }: ReconcileContext, namespace: string, name: string): Promise<Job | undefined> {
  try {
    return await api.resource(JobKind).get(namespace, name)
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}

/** The status after a review, with what a cache may be too old to know asked of the server. */
export async function confirmedStatus(
  cronJob: CronJob,
  { status, unexpected, missing }: Review,
  context: ReconcileContext,
): Promise<Status> {
  const { api, events } = context
  const { namespace = '', name = '' } = cronJob.metadata ?? {}
  for (const { metadata } of unexpected) {
    const { status: { active = [] } = {} } = await api.resource(CronJobKind).get(namespace, name)
    if (active.some(({ uid }) => uid === metadata?.uid)) continue
    const message = `Saw a job that the controller did not create or forgot: ${metadata?.name}`
    events.event(cronJob, 'Warning', 'UnexpectedJob', message)
  }
  let next = status
  for (const reference of missing) {
    if ((await liveJob(context, namespace, reference.name ?? '')) !== undefined) continue
    events.event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${reference.name}`)
    next = withoutActive(next, reference.uid)
  }
  return next
}

/** With its pods, in the background. Whether it could be deleted. */
export async function deleteJob(
  cronJob: CronJob,
  { metadata: { namespace = '', name = '' } = {} }: Job,
  { api, events, logger }: ReconcileContext,
): Promise<boolean> {
  try {
    await api.resource(JobKind).delete(namespace, name, { propagationPolicy: 'Background' })
  } catch (error) {
    events.event(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${messageOf(error)}`)
    logger.warn('a job could not be deleted', { job: name, error })
    return false
  }
  events.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`)
  return true
}

/** What is still running makes room for the next job. */
async function replaceActive(cronJob: CronJob, context: ReconcileContext): Promise<Status> {
  let status = cronJob.status ?? {}
  for (const { namespace = '', name = '', uid } of status.active ?? []) {
    let job: Job
    try {
      job = await context.api.resource(JobKind).get(namespace, name)
    } catch (error) {
      context.events.event(cronJob, 'Warning', 'FailedGet', `Get job: ${messageOf(error)}`)
      throw error
    }
    if (!(await deleteJob(cronJob, job, context)))
      throw new Error(`could not replace job ${namespace}/${name}`)
    status = withoutActive(status, uid)
  }
  return status
}

const referenceTo = ({ metadata }: Job): core.v1.ObjectReference =>
  defined({
    kind: 'Job',
    namespace: metadata?.namespace,
    name: metadata?.name,
    uid: metadata?.uid,
    apiVersion: 'batch/v1',
    resourceVersion: metadata?.resourceVersion,
  })

interface Made {
  readonly job: Job
  readonly isNew: boolean
}

async function createJob(cronJob: CronJob, job: Job, context: ReconcileContext): Promise<Made | undefined> {
  const { api, events } = context
  try {
    return { job: await api.resource(JobKind).create(job), isNew: true }
  } catch (error) {
    if (!isStatus(error, 'AlreadyExists')) {
      if (!hasCause(error, 'NamespaceTerminating')) {
        events.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`)
      }
      throw error
    }
  }
  // Made before, by us (who could not note it then) or by somebody else (whose it is).
  const { namespace = '', name = '' } = job.metadata ?? {}
  const existing = await api.resource(JobKind).get(namespace, name)
  const isOurs = controllerOf(existing)?.uid === cronJob.metadata?.uid
  return isOurs ? { job: existing, isNew: false } : undefined
}

/** Starts the job for one of the CronJob's times; gives the status that tells of it. */
export async function startJob(
  cronJob: CronJob,
  startMs: number,
  context: ReconcileContext,
): Promise<Status> {
  const { events, metrics } = context
  const status =
    cronJob.spec?.concurrencyPolicy === 'Replace'
      ? await replaceActive(cronJob, context)
      : (cronJob.status ?? {})
  const wanted = makeJob(cronJob, startMs, zoneOf(cronJob) ?? utc)
  const made = await createJob(cronJob, wanted, context)
  if (made === undefined) return status
  const { job, isNew } = made
  if (isNew) {
    const createdMs = timeMs(job.metadata?.creationTimestamp ?? '')
    skewOf(metrics).observe((createdMs - startMs) / 1_000)
    events.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata?.name}`)
  }
  return {
    ...status,
    active: [...(status.active ?? []), referenceTo(job)],
    lastScheduleTime: formatTime(startMs),
  }
}
