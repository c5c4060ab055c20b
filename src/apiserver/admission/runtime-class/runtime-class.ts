import type { core, node } from '../../../api/generated/types/index.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'

type PodSpec = core.v1.PodSpec
type RuntimeClass = node.v1.RuntimeClass

const overheadDiffers = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"

function mergeSelectors(
  attributes: AdmissionAttributes,
  own: PodSpec['nodeSelector'],
  added: PodSpec['nodeSelector'],
): PodSpec['nodeSelector'] {
  for (const [key, value] of Object.entries(added ?? {})) {
    const present = own?.[key]
    if (present === undefined || present === value) continue
    throw refuse(
      attributes,
      `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${present}`,
    )
  }
  return own === undefined && added === undefined ? undefined : { ...own, ...added }
}

function withScheduling(attributes: AdmissionAttributes, spec: PodSpec, found: RuntimeClass): PodSpec {
  const { scheduling } = found
  if (scheduling === undefined) return spec
  const nodeSelector = mergeSelectors(attributes, spec.nodeSelector, scheduling.nodeSelector)
  const own = spec.tolerations ?? []
  const added = (scheduling.tolerations ?? []).filter(
    (toleration) => !own.some((present) => semanticallyEqual(present, toleration)),
  )
  return {
    ...spec,
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(added.length === 0 ? {} : { tolerations: [...own, ...added] }),
  }
}

/** Gives a pod the overhead and the place that its runtime class asks for (https://kubernetes.io/docs/concepts/containers/runtime-class/). */
export function runtimeClassPlugin(reader: ObjectReader): AdmissionPlugin {
  const classes = typedReader<RuntimeClass>(reader, { group: 'node.k8s.io', resource: 'runtimeclasses' })
  const classOf = (attributes: AdmissionAttributes, name: string | undefined): RuntimeClass | undefined => {
    if (name === undefined) return undefined
    const found = classes.get('', name)
    if (found === undefined) throw refuse(attributes, `pod rejected: RuntimeClass "${name}" not found`)
    return found
  }
  return {
    name: 'RuntimeClass',
    handles: matches({ operations: ['CREATE'], resources: ['pods'] }),
    mutate: (attributes, object): KubernetesObject => {
      const pod = object as core.v1.Pod
      const found = classOf(attributes, pod.spec?.runtimeClassName)
      if (found === undefined || pod.spec === undefined) return object
      const overhead = found.overhead?.podFixed
      const own = pod.spec.overhead
      if (overhead !== undefined && own !== undefined && !semanticallyEqual(own, overhead)) {
        throw refuse(attributes, overheadDiffers)
      }
      const spec = { ...pod.spec, ...(overhead === undefined ? {} : { overhead }) }
      const placed: core.v1.Pod = { ...pod, spec: withScheduling(attributes, spec, found) }
      return placed
    },
    validate: (attributes) => {
      const { spec } = attributes.object as core.v1.Pod
      const overhead = classOf(attributes, spec?.runtimeClassName)?.overhead?.podFixed
      if (overhead !== undefined && !semanticallyEqual(overhead, spec?.overhead)) {
        throw refuse(attributes, overheadDiffers)
      }
      if (overhead === undefined && spec?.overhead !== undefined) {
        throw refuse(
          attributes,
          'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
        )
      }
    },
  }
}
