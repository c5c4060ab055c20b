import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import type { core } from '../../generated/types/index.ts'

type PodSpec = core.v1.PodSpec

/** What a node may declare that its kubelet can (KEP-5328), and which pods need it of theirs. */
interface NodeFeature {
  readonly name: string
  /** To come to the node. */
  readonly toBeScheduled?: (spec: PodSpec) => boolean
  /** To be changed on it. */
  readonly toBeUpdated?: (old: PodSpec, spec: PodSpec) => boolean
}

/** By name, as upstream's registry. */
const features: readonly NodeFeature[] = [
  {
    name: 'InPlacePodLevelResourcesVerticalScaling',
    toBeUpdated: (old, spec) => !semanticallyEqual(old.resources, spec.resources),
  },
  {
    name: 'InPlacePodVerticalScalingInitContainers',
    toBeUpdated: ({ initContainers = [] }, spec) =>
      initContainers.some(
        ({ restartPolicy, resources = {} }, index) =>
          restartPolicy !== 'Always' && !jsonEqual(resources, spec.initContainers?.[index]?.resources ?? {}),
      ),
  },
  {
    name: 'RestartAllContainersOnContainerExits',
    toBeScheduled: ({ containers, initContainers = [] }) =>
      [...containers, ...initContainers].some(({ restartPolicyRules }) =>
        restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
      ),
  },
  {
    name: 'UserNamespacesHostNetworkSupport',
    toBeScheduled: ({ hostNetwork, hostUsers }) => hostNetwork === true && hostUsers === false,
  },
]

/** What a pod needs of the node that it comes to. */
export const featuresToSchedule = ({ spec }: core.v1.Pod): readonly string[] =>
  features.flatMap(({ name, toBeScheduled }) => (spec !== undefined && toBeScheduled?.(spec) ? [name] : []))

/** What the change of a pod needs of the node that it is on. */
export function featuresToUpdate({ spec: old }: core.v1.Pod, { spec }: core.v1.Pod): readonly string[] {
  if (old === undefined || spec === undefined) return []
  return features.flatMap(({ name, toBeUpdated }) => (toBeUpdated?.(old, spec) ? [name] : []))
}
