import { Pod as PodKind } from '../../api/core/pod/kind.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { ReconcileContext } from '../../reconcile/controller.ts'
import { createPods, deletePods } from '../../reconcile/pod-control.ts'
import type { JobMetrics, SyncAction } from './job-metrics.ts'
import { isTracked, type Pod } from './job-pod.ts'
import type { Progress } from './job-status.ts'
import type { Ending } from './judge-job.ts'
import { makePods } from './make-pods.ts'
import type { JobView } from './observe-job.ts'
import { withoutFinalizer } from './orphan-pods.ts'
import { planPods } from './plan-pods.ts'

/** What a reconcile has done with the pods of a job. */
export interface Work extends Progress {
  readonly action: SyncAction
  readonly failure: Error | undefined
  readonly waitMs: number | undefined
}

const idle: Work = { created: 0, removed: [], action: 'reconciling', failure: undefined, waitMs: undefined }

export interface Released {
  readonly released: readonly Pod[]
  readonly failure: unknown
}

/** Takes the finalizer off the pods, all at once; what is gone has none. */
export async function releasePods(pods: readonly Pod[], { api }: ReconcileContext): Promise<Released> {
  const type = 'application/strategic-merge-patch+json'
  const kept = new Set<Pod>()
  let failure: unknown
  await Promise.all(
    pods.map(async (pod) => {
      const { namespace = '', name = '' } = pod.metadata ?? {}
      try {
        await api.resource(PodKind).patch(namespace, name, type, withoutFinalizer)
      } catch (error) {
        if (isStatus(error, 'NotFound')) return
        kept.add(pod)
        failure ??= error
      }
    }),
  )
  return { released: pods.filter((pod) => !kept.has(pod)), failure }
}

/** Removes pods that are not to count: their finalizer goes first. */
async function removePods({ job }: JobView, pods: readonly Pod[], context: ReconcileContext): Promise<Work> {
  const { released, failure } = await releasePods(pods.filter(isTracked), context)
  const free = new Set(released)
  const deletions = await deletePods(
    job,
    pods.filter((pod) => free.has(pod) || !isTracked(pod)),
    context,
  )
  const first =
    failure === undefined ? deletions.failure : new Error('removing completion finalizer', { cause: failure })
  return { ...idle, removed: deletions.deleted, action: 'pods_deleted', failure: first }
}

/** Brings the pods of a job closer to what it wants. */
export async function runPods(
  view: JobView,
  ending: Ending | undefined,
  metrics: JobMetrics,
  context: ReconcileContext,
): Promise<Work> {
  const { job, active, failed, terminating } = view
  if (ending !== undefined) {
    const { deleted, failure } = await deletePods(job, active, context)
    return { ...idle, removed: deleted, failure }
  }
  if (job.metadata?.deletionTimestamp !== undefined) return idle
  const { remove, create, waitMs } = planPods(view)
  if (remove.length > 0 || job.spec?.suspend === true) return removePods(view, remove, context)
  if (waitMs !== undefined) return { ...idle, action: 'pods_created', waitMs }
  if (create.length === 0) return { ...idle, action: 'tracking' }
  const { created, failure } = await createPods(job, makePods(view, create), context)
  metrics.created(job, failed, terminating.length, created, failure === undefined ? 0 : 1)
  return { ...idle, created, action: 'pods_created', failure }
}
