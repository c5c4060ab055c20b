import { Job as JobKind } from '../../api/batch/job/kind.ts'
import type { scheduling } from '../../api/generated/types/index.ts'
import { PodGroup as PodGroupKind } from '../../api/scheduling/pod-group/kind.ts'
import { Workload as WorkloadKind } from '../../api/scheduling/workload/kind.ts'
import { apiVersionOf } from '../../client/resource-path.ts'
import { controllerReference } from '../../reconcile/owner-references.ts'
import { textHash } from '../../reconcile/short-hash.ts'
import { isIndexed, type Job, type Pod } from './job-pod.ts'

export type Workload = scheduling.v1alpha2.Workload
export type PodGroup = scheduling.v1alpha2.PodGroup

/** What a name may have. */
const maxNameLength = 253

/** Whether a job's pods are of use only all together: each has its index, and all run at once. */
export function isGangJob(job: Job): boolean {
  const { parallelism = 1, completions, template } = job.spec ?? {}
  const isGrouped = template?.spec?.schedulingGroup !== undefined
  return isIndexed(job) && parallelism > 1 && completions === parallelism && !isGrouped
}

/** Whether a job has never begun: one from before it was to have a group goes on without. */
export function isUntouched({ status = {} }: Job, pods: readonly Pod[]): boolean {
  const { startTime, succeeded = 0, failed = 0, conditions = [] } = status
  return (
    pods.length === 0 &&
    startTime === undefined &&
    succeeded === 0 &&
    failed === 0 &&
    !conditions.some(({ type }) => type === 'Suspended')
  )
}

const nameOf = ({ metadata }: Job | Workload): string => metadata?.name ?? ''

function workloadName(job: Job): string {
  const hash = textHash(`(types.UID)${job.metadata?.uid}`)
  return `${nameOf(job).slice(0, maxNameLength - hash.length - 1)}-${hash}`
}

/** Each part has at least half of the room, and what the other leaves. */
function groupName(workload: string, template: string): string {
  const hash = textHash(`${workload}${template}`)
  const room = maxNameLength - hash.length - 2
  const half = Math.floor(room / 2)
  const forWorkload = room - Math.min(template.length, half)
  const forTemplate = room - Math.min(workload.length, forWorkload)
  return `${workload.slice(0, forWorkload)}-${template.slice(0, forTemplate)}-${hash}`
}

/** What says how the pods of a job are to be scheduled. */
export function workloadFor(job: Job): Workload {
  const { namespace = '' } = job.metadata ?? {}
  const template = {
    name: `${nameOf(job)}-pgt-0`,
    schedulingPolicy: { gang: { minCount: job.spec?.parallelism ?? 1 } },
  }
  return {
    metadata: {
      name: workloadName(job),
      namespace,
      ownerReferences: [controllerReference(JobKind, job)],
    },
    spec: {
      controllerRef: { apiGroup: 'batch', kind: 'Job', name: nameOf(job) },
      podGroupTemplates: [template],
    },
  }
}

/** The group of a workload's only template. Undefined for a workload of another shape. */
export function podGroupFor(job: Job, workload: Workload): PodGroup | undefined {
  const [template, ...others] = workload.spec.podGroupTemplates
  if (template === undefined || others.length > 0) return undefined
  const { name, schedulingPolicy } = template
  const { namespace = '', uid = '' } = workload.metadata ?? {}
  const workloadName = nameOf(workload)
  const reference = { apiVersion: apiVersionOf(WorkloadKind), kind: 'Workload', name: workloadName, uid }
  return {
    metadata: {
      name: groupName(workloadName, name),
      namespace,
      ownerReferences: [controllerReference(JobKind, job), reference],
    },
    spec: {
      podGroupTemplateRef: { workload: { workloadName, podGroupTemplateName: name } },
      schedulingPolicy,
    },
  }
}

/** A pod that is one of a group. */
export function inGroup(pod: Pod, { metadata = {} }: PodGroup): Pod {
  const { name = '', uid = '' } = metadata
  const reference = { apiVersion: apiVersionOf(PodGroupKind), kind: 'PodGroup', name, uid }
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ownerReferences: [...(pod.metadata?.ownerReferences ?? []), reference],
    },
    spec: { containers: [], ...pod.spec, schedulingGroup: { podGroupName: name } },
  }
}
