import { Node } from '../../../api/core/node/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import { toleratesTaints, untoleratedTaint } from '../../../api/core/pod/tolerations.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import { normalizeScores, type Plugin, type PluginContext, type Rejection } from '../../framework.ts'

const rejection: Rejection = { resolvable: false, reasons: ['node(s) had untolerated taint(s)'] }
const hard = ['NoSchedule', 'NoExecute']

const isTolerated = (pod: core.v1.Pod, node: core.v1.Node | undefined): boolean =>
  untoleratedTaint(node?.spec?.taints, pod.spec?.tolerations, hard) === undefined

const isSoft = ({ effect }: core.v1.Taint): boolean => effect === 'PreferNoSchedule'

/**
 * Refuses nodes with taints that the pod does not tolerate, and prefers those with fewer untolerated soft ones. Most
 * nodes have no taint: the table's column says so without a look at the node.
 */
export const taintToleration = ({ nodes: table }: PluginContext): Plugin => ({
  name: 'TaintToleration',
  sign: ({ pod }) => pod.spec?.tolerations ?? [],
  preFilter: ({ pod }) => ({
    type: 'filter',
    filter: ({ index, node }) =>
      table.columns.taints[index] === 0 || isTolerated(pod, node) ? undefined : rejection,
  }),
  preScore: ({ pod }, nodes) => {
    const { softTaints } = table.columns
    if (table.softTaints === 0 || !nodes.some(({ index }) => softTaints[index] !== 0)) {
      // No soft taint anywhere: all nodes score alike, as upstream's normalised 100 for everyone.
      return { type: 'skip' }
    }
    const soft = (pod.spec?.tolerations ?? []).filter(
      (toleration) => !toleration.effect || toleration.effect === 'PreferNoSchedule',
    )
    return {
      type: 'score',
      score: ({ node }) =>
        (node.spec?.taints ?? []).filter((taint) => isSoft(taint) && !toleratesTaints(soft, taint)).length,
      normalize: (scores) => normalizeScores(scores, true),
    }
  },
  events: [
    onEvent(
      Node,
      actions.add | actions.updateNodeTaint,
      ({ pod }, node, old) => isTolerated(pod, node) && (old === undefined || !isTolerated(pod, old)),
    ),
    onEvent(Pod, actions.updatePodToleration, ({ uid }, pod) => pod?.metadata?.uid === uid),
  ],
})
