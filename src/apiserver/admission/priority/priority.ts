import type { core, scheduling } from '../../../api/generated/types/index.ts'
import type { Features } from '../../../apimachinery/feature-gates.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'

type Pod = core.v1.Pod
type PodGroup = scheduling.v1alpha2.PodGroup
type PriorityClass = scheduling.v1.PriorityClass

/** What a pod or a group of them gets: from its class, the default class, or neither. */
interface Established {
  readonly className: string
  readonly priority: number
  readonly preemptionPolicy: string | undefined
}

const withoutClass: Established = {
  className: '',
  priority: 0,
  preemptionPolicy: 'PreemptLowerPriority',
}

const established = (found: PriorityClass): Established => ({
  className: found.metadata?.name ?? '',
  priority: found.value ?? 0,
  preemptionPolicy: found.preemptionPolicy,
})

/** Of several defaults, which a race may leave behind, the lowest counts. */
const defaultClass = (classes: readonly PriorityClass[]): PriorityClass | undefined =>
  classes
    .filter(({ globalDefault }) => globalDefault === true)
    .reduce<PriorityClass | undefined>(
      (lowest, next) => (lowest === undefined || (next.value ?? 0) < (lowest.value ?? 0) ? next : lowest),
      undefined,
    )

function checkPod(attributes: AdmissionAttributes, pod: Pod, wanted: Established): void {
  const { priority, preemptionPolicy } = pod.spec ?? {}
  if (priority !== undefined && priority !== wanted.priority) {
    throw refuse(
      attributes,
      `the integer value of priority (${priority}) must not be provided in pod spec; priority admission controller computed ${wanted.priority} from the given PriorityClass name`,
    )
  }
  if (
    preemptionPolicy !== undefined &&
    wanted.preemptionPolicy !== undefined &&
    preemptionPolicy !== wanted.preemptionPolicy
  ) {
    throw refuse(
      attributes,
      `the string value of PreemptionPolicy (${preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${wanted.preemptionPolicy} from the given PriorityClass name`,
    )
  }
}

/** An update that leaves out what this plugin has filled in keeps it. */
function keep(pod: Pod, old: Pod): Pod {
  const { priority, preemptionPolicy } = old.spec ?? {}
  const { spec } = pod
  if (spec === undefined) return pod
  const keepsPriority = spec.priority === undefined && priority !== undefined
  const keepsPolicy = spec.preemptionPolicy === undefined && preemptionPolicy !== undefined
  if (!keepsPriority && !keepsPolicy) return pod
  return {
    ...pod,
    spec: { ...spec, ...(keepsPriority ? { priority } : {}), ...(keepsPolicy ? { preemptionPolicy } : {}) },
  }
}

/** Resolves the priority class of a pod, or of a group behind the gate WorkloadAwarePreemption, to its number, and keeps the default class the only one (https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/). */
export function priorityPlugin(reader: ObjectReader, features: Features): AdmissionPlugin {
  const classes = typedReader<PriorityClass>(reader, {
    group: 'scheduling.k8s.io',
    resource: 'priorityclasses',
  })
  const establish = (attributes: AdmissionAttributes, className: string): Established => {
    if (className === '') {
      const fallback = defaultClass(classes.list())
      return fallback === undefined ? withoutClass : established(fallback)
    }
    const found = classes.get('', className)
    if (found === undefined) throw refuse(attributes, `no PriorityClass with name ${className} was found`)
    return established(found)
  }
  const admitPod = (attributes: AdmissionAttributes, pod: Pod): Pod => {
    const { oldObject } = attributes
    if (oldObject !== undefined) return keep(pod, oldObject as Pod)
    const wanted = establish(attributes, pod.spec?.priorityClassName ?? '')
    checkPod(attributes, pod, wanted)
    if (pod.spec === undefined) return pod
    const { className: priorityClassName, priority, preemptionPolicy } = wanted
    return {
      ...pod,
      spec: {
        ...pod.spec,
        ...(priorityClassName === '' ? {} : { priorityClassName }),
        priority,
        ...(preemptionPolicy === undefined ? {} : { preemptionPolicy }),
      },
    }
  }
  const admitGroup = (attributes: AdmissionAttributes, group: PodGroup): PodGroup => {
    const { spec } = group
    if (attributes.operation !== 'CREATE' || spec === undefined) return group
    const { className, priority } = establish(attributes, spec.priorityClassName ?? '')
    if (spec.priority !== undefined && spec.priority !== priority) {
      const what = `priority set in the pod group (${spec.priority}) must match the priority computed (${priority})`
      throw refuse(attributes, `${what} based on the priority class set in the spec`)
    }
    const named = className === '' ? {} : { priorityClassName: className }
    return { ...group, spec: { ...spec, ...named, priority } }
  }
  const groups = features.enabled('WorkloadAwarePreemption') ? ['podgroups.scheduling.k8s.io'] : []
  return {
    name: 'Priority',
    handles: matches({
      operations: ['CREATE', 'UPDATE'],
      resources: ['pods', 'priorityclasses.scheduling.k8s.io', ...groups],
    }),
    mutate: (attributes, object): KubernetesObject => {
      const { resource } = attributes.resource
      if (resource === 'pods') return admitPod(attributes, object as Pod)
      return resource === 'podgroups' ? admitGroup(attributes, object as PodGroup) : object
    },
    validate: (attributes) => {
      if (attributes.resource.resource !== 'priorityclasses') return
      const written = attributes.object as PriorityClass
      if (written.globalDefault !== true) return
      const present = defaultClass(classes.list())
      const name = present?.metadata?.name ?? ''
      if (present === undefined || (attributes.operation === 'UPDATE' && name === written.metadata?.name))
        return
      throw refuse(
        attributes,
        `PriorityClass ${name} is already marked as default. Only one default can exist`,
      )
    },
  }
}
