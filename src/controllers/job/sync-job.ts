import { Job as JobKind } from '../../api/batch/job/kind.ts'
import { trackingFinalizer } from '../../api/batch/job/labels.ts'
import { Pod as PodKind } from '../../api/core/pod/kind.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import { validLabelMatcher } from '../../apimachinery/selectors/label-selector.ts'
import { claimDependents } from '../../reconcile/claim-dependents.ts'
import {
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
} from '../../reconcile/controller.ts'
import { ensurePodGroup } from './ensure-pod-group.ts'
import type { JobMetrics } from './job-metrics.ts'
import type { Job } from './job-pod.ts'
import {
  activeAfter,
  finishedStatus,
  progressStatus,
  type Status,
  startedStatus,
  withSuspension,
} from './job-status.ts'
import { type Ending, isComplete, judgeJob, untilDeadlineMs } from './judge-job.ts'
import type { Memories, Memory } from './memory.ts'
import { type JobView, observeJob, uidOf } from './observe-job.ts'
import { releasePods, runPods, type Work } from './run-pods.ts'
import { settleEnds, trackPods } from './track-pods.ts'

/** One reconcile of a job that is going on. */
export interface Sync {
  readonly key: Key
  readonly job: Job
  readonly memories: Memories
  readonly metrics: JobMetrics
  /** Whether jobs whose pods are of use only all together get a group for them. */
  readonly groupsPods: boolean
  readonly context: ReconcileContext
}

async function observe({ key, job, memories, context }: Sync): Promise<readonly [JobView, Memory]> {
  const selector = validLabelMatcher(job.spec?.selector)
  const pods = await claimDependents(
    {
      ownerKind: JobKind,
      owner: job,
      kind: PodKind,
      matches: ({ metadata }) => selector.matches(metadata?.labels),
      finalizers: [trackingFinalizer],
    },
    context,
  )
  const memory = memories.of(key, job, pods)
  const { released, failures } = memory
  return [observeJob({ job, pods, released, failures, nowMs: context.host.now() }), memory]
}

/** A job cannot end while one of its pods could not be removed. */
const endingAfter = (view: JobView, ending: Ending | undefined, work: Work): Ending | undefined =>
  ending === undefined
    ? isComplete(view, activeAfter(view, work))
    : work.failure === undefined
      ? ending
      : undefined

function suspended({ job, context }: Sync, view: JobView, ending: Ending | undefined): Status {
  const status = startedStatus(job, view.nowMs)
  if (ending !== undefined || job.metadata?.deletionTimestamp !== undefined) return status
  const { status: next, event } = withSuspension(job, status, view.nowMs)
  if (event !== undefined) context.events.event(job, 'Normal', event.reason, event.message)
  return next
}

function tellEnd({ metrics, context: { events } }: Sync, job: Job, ending: Ending): void {
  const { completions } = job.spec ?? {}
  metrics.finished(job, ending.succeeds, ending.reason)
  if (!ending.succeeds) {
    events.event(job, 'Warning', ending.reason, ending.message)
    return
  }
  if (completions !== undefined && (job.status?.succeeded ?? 0) > completions) {
    const message = 'Too many succeeded pods running after completion count reached'
    events.event(job, 'Warning', 'TooManySucceededPods', message)
  }
  events.event(job, 'Normal', 'Completed', 'Job completed')
}

async function writeStatus({ metrics, context: { api } }: Sync, job: Job, status: Status): Promise<Job> {
  const written = await api.resource(JobKind).updateStatus({ ...job, status })
  metrics.counted(job, job.status ?? {}, written.status ?? {})
  return written
}

/** Notes which pods have ended, lets them go, counts them, and ends the job where that was all. */
async function track(
  sync: Sync,
  [view, memory]: readonly [JobView, Memory],
  work: Work,
  ending: Ending | undefined,
): Promise<void> {
  const { context, metrics } = sync
  const tracked = new Set(view.tracked.map(uidOf))
  const settled = settleEnds(suspended(sync, view, ending), tracked)
  const tracking = trackPods(view, ending, settled)
  const noted = progressStatus(view, settled, work, tracking, ending)
  let job = view.job
  if (!jsonEqual(job.status, noted)) {
    job = await writeStatus(sync, job, noted)
    memory.failures = view.failures
  }
  metrics.acted(tracking.actions)
  const { released, failure } = await releasePods(tracking.release, context)
  for (const pod of released) {
    memory.released.add(uidOf(pod))
    tracked.delete(uidOf(pod))
  }
  const counted = settleEnds(noted, tracked)
  const ends = ending !== undefined && failure === undefined && tracking.isWhole
  const finished = ends ? finishedStatus(counted, ending, context.host.now()) : undefined
  const next = finished ?? counted
  if (!jsonEqual(noted, next)) job = await writeStatus(sync, job, next)
  if (finished !== undefined && ending !== undefined) tellEnd(sync, job, ending)
  if (failure !== undefined) throw failure
}

/** When a job that goes on is to be looked at again, if nothing happens before. */
function nextLook({ job, context: { host } }: Sync, { nowMs }: JobView, { waitMs }: Work): Outcome {
  const started = { ...job, status: startedStatus(job, nowMs) }
  const times = [waitMs, untilDeadlineMs(started, host.now())].filter((ms) => ms !== undefined)
  return times.length === 0 ? done : requeueAfter(Math.max(0, Math.min(...times)))
}

/** Pods, then the status, then the next look at the clock. */
export async function syncJob(sync: Sync): Promise<Outcome> {
  const { job, metrics, context } = sync
  const startMs = context.host.monotonicMs()
  let action: Work['action'] = 'reconciling'
  let isError = true
  try {
    const [seen, memory] = await observe(sync)
    const group = sync.groupsPods ? await ensurePodGroup(job, seen.pods, context) : undefined
    const view = group === undefined ? seen : { ...seen, group }
    const ending = judgeJob(view)
    const work = await runPods(view, ending, metrics, context)
    action = work.action
    await track(sync, [view, memory], work, endingAfter(view, ending, work))
    if (work.failure !== undefined) throw work.failure
    isError = false
    return ending === undefined ? nextLook(sync, view, work) : done
  } finally {
    metrics.synced(job, isError, action, context.host.monotonicMs() - startMs)
  }
}
