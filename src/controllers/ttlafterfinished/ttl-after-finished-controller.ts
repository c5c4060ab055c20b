import { isJobFinished } from '../../api/batch/job/job-conditions.ts'
import { Job as JobKind } from '../../api/batch/job/kind.ts'
import type { batch } from '../../api/generated/types/index.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { timeMs } from '../../apimachinery/time.ts'
import {
  type AnyController,
  defineController,
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
} from '../../reconcile/controller.ts'
import { splitKey } from '../../reconcile/owner-references.ts'

type Job = batch.v1.Job

/** 100 ms, doubled fourteen times. */
const buckets = Array.from({ length: 14 }, (_, power) => 0.1 * 2 ** power)

const isToGo = (job: Job): boolean =>
  job.metadata?.deletionTimestamp === undefined &&
  job.spec?.ttlSecondsAfterFinished !== undefined &&
  isJobFinished(job)

/** When a job's time is over; undefined for one that stays. Throws for one that does not say when it ended. */
function expiresAtMs(job: Job): number | undefined {
  if (!isToGo(job)) return undefined
  const { metadata, spec, status } = job
  const end = status?.conditions?.find(
    ({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True',
  )
  if (!end?.lastTransitionTime)
    throw new Error(`unable to find the time when the Job ${metadata?.namespace}/${metadata?.name} finished`)
  return timeMs(end.lastTransitionTime) + (spec?.ttlSecondsAfterFinished ?? 0) * 1_000
}

async function reconcile(key: Key, { cache, api, host, metrics }: ReconcileContext): Promise<Outcome> {
  const [namespace, name] = splitKey(key)
  const jobs = api.resource(JobKind)
  const known = cache.of(JobKind).get(namespace, name)
  const knownMs = known && expiresAtMs(known)
  if (knownMs === undefined) return done
  if (knownMs > host.now()) return requeueAfter(knownMs - host.now())
  try {
    // Its time may have been changed meanwhile.
    const fresh = await jobs.get(namespace, name)
    const atMs = expiresAtMs(fresh)
    if (atMs === undefined) return done
    if (atMs > host.now()) return requeueAfter(atMs - host.now())
    const { uid } = fresh.metadata ?? {}
    await jobs.delete(namespace, name, {
      propagationPolicy: 'Foreground',
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    })
    const help = 'The time it took to delete the job since it became eligible for deletion'
    metrics
      .histogram({ name: 'ttl_after_finished_controller_job_deletion_duration_seconds', help, buckets })
      .observe((host.now() - atMs) / 1_000)
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
  }
  return done
}

/** Deletes Jobs some time after they have ended, as they say themselves. */
export const ttlAfterFinishedController: AnyController = defineController({
  name: 'ttl-after-finished',
  reconciles: JobKind,
  when: (job) => job !== undefined && isToGo(job),
  permissions: [{ group: 'batch', resources: ['jobs'], verbs: ['delete', 'get', 'list', 'watch'] }],
  reconcile,
})
