import type { scheduling } from '../../../api/generated/types/index.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'

type PodGroup = scheduling.v1alpha2.PodGroup
type Workload = scheduling.v1alpha2.Workload
type Reference = scheduling.v1alpha2.WorkloadPodGroupTemplateReference

function complaint(
  workload: Workload | undefined,
  { workloadName, podGroupTemplateName }: Reference,
): string | undefined {
  if (workload === undefined) return `Workload "${workloadName}" not found`
  if (workload.metadata?.deletionTimestamp !== undefined) return `Workload "${workloadName}" is being deleted`
  if (workload.spec.podGroupTemplates.some(({ name }) => name === podGroupTemplateName)) return undefined
  return `PodGroupTemplate "${podGroupTemplateName}" not found in Workload "${workloadName}"`
}

/** A PodGroup is made from what is there (KEP-4671). */
export function podGroupWorkloadExists(reader: ObjectReader): AdmissionPlugin {
  const workloads = typedReader<Workload>(reader, { group: 'scheduling.k8s.io', resource: 'workloads' })
  return {
    name: 'PodGroupWorkloadExists',
    handles: matches({ operations: ['CREATE'], resources: ['podgroups.scheduling.k8s.io'] }),
    validate: (attributes) => {
      const reference = (attributes.object as PodGroup).spec.podGroupTemplateRef?.workload
      if (reference === undefined || reference === null) return
      const why = complaint(workloads.get(attributes.namespace, reference.workloadName), reference)
      if (why !== undefined) throw refuse(attributes, `PodGroup rejected: ${why}`)
    },
  }
}
