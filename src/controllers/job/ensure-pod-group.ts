import { PodGroup as PodGroupKind } from '../../api/scheduling/pod-group/kind.ts'
import { Workload as WorkloadKind } from '../../api/scheduling/workload/kind.ts'
import { type AnyIndex, indexing, type ReconcileContext } from '../../reconcile/controller.ts'
import { controllerOf, keyOf } from '../../reconcile/owner-references.ts'
import { isGangJob, isUntouched, type PodGroup, podGroupFor, type Workload, workloadFor } from './gang.ts'
import type { Job, Pod } from './job-pod.ts'

const jobIndex = 'job of a workload'
const workloadIndex = 'workload of a group'

/** By names: what they refer to may not be there. */
export const groupIndexers: readonly AnyIndex[] = [
  indexing(WorkloadKind, {
    [jobIndex]: ({ metadata, spec }) => {
      const { apiGroup, kind, name } = spec.controllerRef ?? {}
      return apiGroup === 'batch' && kind === 'Job' ? [`${metadata?.namespace}/${name}`] : []
    },
  }),
  indexing(PodGroupKind, {
    [workloadIndex]: ({ metadata, spec }) => {
      const name = spec.podGroupTemplateRef?.workload?.workloadName
      return name === undefined ? [] : [`${metadata?.namespace}/${name}`]
    },
  }),
]

/** The only one, if the job controls it; `make` where there is none. Undefined where others have made their own. */
async function onlyOne<T extends Workload | PodGroup>(
  job: Job,
  found: readonly T[],
  make: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const [first, ...others] = found
  if (first === undefined) return make()
  return others.length === 0 && controllerOf(first)?.uid === job.metadata?.uid ? first : undefined
}

/** The group that a job's pods are to be scheduled in, made with its workload where the job is new; undefined: none. */
export async function ensurePodGroup(
  job: Job,
  pods: readonly Pod[],
  { cache, api, events }: ReconcileContext,
): Promise<PodGroup | undefined> {
  if (!isGangJob(job)) return undefined
  const workload = await onlyOne(job, cache.of(WorkloadKind).byIndex(jobIndex, keyOf(job)), async () => {
    if (!isUntouched(job, pods)) return undefined
    const made = await api.resource(WorkloadKind).create(workloadFor(job))
    const { name } = made.metadata ?? {}
    events.event(job, 'Normal', 'WorkloadCreated', `Created Workload ${name} for Job ${job.metadata?.name}`)
    return made
  })
  const group = workload === undefined ? undefined : podGroupFor(job, workload)
  if (workload === undefined || group === undefined) return undefined
  return onlyOne(job, cache.of(PodGroupKind).byIndex(workloadIndex, keyOf(workload)), () =>
    api.resource(PodGroupKind).create(group),
  )
}
