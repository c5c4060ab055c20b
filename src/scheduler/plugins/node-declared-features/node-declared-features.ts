import { Node } from '../../../api/core/node/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import type { Plugin, Rejection } from '../../framework.ts'

const missing: Rejection = { resolvable: false, reasons: ["node(s) didn't match Pod's required features"] }

/** Features, and whether a pod needs them of its node. */
const features: readonly (readonly [name: string, isNeeded: (spec: core.v1.PodSpec) => boolean])[] = [
  [
    'RestartAllContainersOnContainerExits',
    ({ containers, initContainers = [] }) =>
      [...containers, ...initContainers].some(({ restartPolicyRules }) =>
        restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
      ),
  ],
  [
    'UserNamespacesHostNetworkSupport',
    ({ hostNetwork, hostUsers }) => hostNetwork === true && hostUsers === false,
  ],
]

const neededBy = ({ spec }: core.v1.Pod): readonly string[] =>
  features.flatMap(([name, isNeeded]) => (spec !== undefined && isNeeded(spec) ? [name] : []))

const declaredBy = ({ status }: core.v1.Node): readonly string[] => status?.declaredFeatures ?? []

/** What pods need of a kubelet, the node has declared. */
export const nodeDeclaredFeatures = (): Plugin => ({
  name: 'NodeDeclaredFeatures',
  sign: ({ pod }) => neededBy(pod),
  preFilter: ({ pod }) => {
    const needed = neededBy(pod)
    if (needed.length === 0) return { type: 'skip' }
    return {
      type: 'filter',
      filter: ({ node }) => (needed.every((name) => declaredBy(node).includes(name)) ? undefined : missing),
    }
  },
  events: [
    onEvent(
      Node,
      actions.add | actions.updateNodeDeclaredFeature,
      (_pod, node, old) =>
        old === undefined || node === undefined || !jsonEqual(declaredBy(node), declaredBy(old)),
    ),
    onEvent(
      Pod,
      actions.update,
      ({ uid }, pod, old) =>
        pod !== undefined &&
        pod.metadata?.uid === uid &&
        (old === undefined || !jsonEqual(neededBy(pod), neededBy(old))),
    ),
  ],
})
