import type { batch, scheduling } from '../../../api/generated/types/index.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'

type Job = batch.v1.Job
type PodGroup = scheduling.v1alpha2.PodGroup

const podGroups = { group: 'scheduling.k8s.io', resource: 'podgroups' }

const isGang = ({ spec }: PodGroup): boolean => spec.schedulingPolicy.gang !== undefined

/** The parallelism of a Job stays as it is while a gang of pods is scheduled for it (KEP-5547). */
export function jobValidation(reader: ObjectReader): AdmissionPlugin {
  const groups = typedReader<PodGroup>(reader, podGroups)
  const gangOf = ({ metadata, spec }: Job): PodGroup | undefined => {
    const { namespace = '', uid } = metadata ?? {}
    const named = spec?.template.spec?.schedulingGroup?.podGroupName
    if (named !== undefined) {
      const group = groups.get(namespace, named)
      return group !== undefined && isGang(group) ? group : undefined
    }
    return groups
      .list(namespace)
      .find(
        (group) =>
          isGang(group) &&
          group.metadata?.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid),
      )
  }
  return {
    name: 'JobValidation',
    handles: matches({ operations: ['UPDATE'], resources: ['jobs.batch'] }),
    validate: (attributes) => {
      const [job, old] = [attributes.object as Job, attributes.oldObject as Job]
      if (job.spec?.parallelism === old.spec?.parallelism || !reader.serves(podGroups)) return
      const name = gangOf(old)?.metadata?.name
      if (name === undefined) return
      const why = `cannot change parallelism for a Job referencing gang-scheduled PodGroup "${name}"`
      throw refuse(attributes, why)
    },
  }
}
