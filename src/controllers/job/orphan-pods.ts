import { isJobFinished } from '../../api/batch/job/job-conditions.ts'
import { Job as JobKind } from '../../api/batch/job/kind.ts'
import { trackingFinalizer } from '../../api/batch/job/labels.ts'
import { Pod as PodKind } from '../../api/core/pod/kind.ts'
import type { meta } from '../../api/generated/types/index.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import {
  type AnyWatch,
  type Caches,
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
  watching,
} from '../../reconcile/controller.ts'
import { controllerIndex, controllerOf, keyOf } from '../../reconcile/owner-references.ts'
import { isManagedElsewhere, isTracked, type Job, type Pod } from './job-pod.ts'

/** Keys of pods have a third part: those of jobs are `namespace/name`. */
const podPart = '/pod'

const orphanKeyOf = (pod: Pod): Key => `${keyOf(pod)}${podPart}`

/** The pod's namespace and name, for keys that are about one. */
export function orphanOf(key: Key): readonly [namespace: string, name: string] | undefined {
  if (!key.endsWith(podPart)) return undefined
  const [namespace = '', name = '', ...rest] = key.split('/')
  return rest.length === 1 ? [namespace, name] : undefined
}

function ownerOf(pod: Pod, reference: meta.v1.OwnerReference, cache: Caches): Job | undefined {
  const job = cache.of(JobKind).get(pod.metadata?.namespace ?? '', reference.name)
  return job?.metadata?.uid === reference.uid ? job : undefined
}

/** It has the finalizer, and there is no job (any more) that would count it. */
function isOrphan(pod: Pod, cache: Caches): boolean {
  if (!isTracked(pod)) return false
  const reference = controllerOf(pod)
  if (reference === undefined) return true
  if (reference.kind !== JobKind.kind || reference.apiVersion !== 'batch/v1') return false
  const job = ownerOf(pod, reference, cache)
  return job === undefined || (isJobFinished(job) && !isManagedElsewhere(job))
}

export const withoutFinalizer = {
  metadata: { '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] },
}

/** Lets a pod go that no job will count. */
export async function releaseOrphan(
  [namespace, name]: readonly [string, string],
  { cache, api }: ReconcileContext,
): Promise<Outcome> {
  const pod = cache.of(PodKind).get(namespace, name)
  if (pod === undefined || !isOrphan(pod, cache)) return done
  try {
    await api
      .resource(PodKind)
      .patch(namespace, name, 'application/strategic-merge-patch+json', withoutFinalizer)
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
  }
  return done
}

/** When pods may have become orphans: they lose their controller or are deleted, their job ends or goes. */
export const orphanWatches: readonly AnyWatch[] = [
  watching({
    kind: PodKind,
    when: (pod) =>
      pod !== undefined &&
      isTracked(pod) &&
      (pod.metadata?.deletionTimestamp !== undefined || controllerOf(pod) === undefined),
    keys: (pod, { cache }) => (isOrphan(pod, cache) ? [orphanKeyOf(pod)] : []),
  }),
  watching({
    kind: JobKind,
    when: (job) => job === undefined || isJobFinished(job),
    keys: (job, { cache }) =>
      cache
        .of(PodKind)
        .byIndex(controllerIndex, job.metadata?.uid ?? '')
        .filter(isTracked)
        .map(orphanKeyOf),
  }),
]
