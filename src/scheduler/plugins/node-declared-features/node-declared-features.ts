import { Node } from '../../../api/core/node/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import { featuresToSchedule } from '../../../api/core/pod/needed-features.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import type { Plugin, Rejection } from '../../framework.ts'

const missing: Rejection = { resolvable: false, reasons: ["node(s) didn't match Pod's required features"] }

const declaredBy = ({ status }: core.v1.Node): readonly string[] => status?.declaredFeatures ?? []

/** What pods need of a kubelet, the node has declared. */
export const nodeDeclaredFeatures = (): Plugin => ({
  name: 'NodeDeclaredFeatures',
  sign: ({ pod }) => featuresToSchedule(pod),
  preFilter: ({ pod }) => {
    const needed = featuresToSchedule(pod)
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
        (old === undefined || !jsonEqual(featuresToSchedule(pod), featuresToSchedule(old))),
    ),
  ],
})
