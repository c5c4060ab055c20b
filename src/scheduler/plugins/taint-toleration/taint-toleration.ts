import { Node } from '../../../api/core/node/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import { toleratesTaints, untoleratedTaint } from '../../../api/core/pod/tolerations.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import { normalizeScores, type Plugin, type Rejection } from '../../framework.ts'

const rejection: Rejection = { resolvable: false, reasons: ['node(s) had untolerated taint(s)'] }
const hard = ['NoSchedule', 'NoExecute']

const isTolerated = (pod: core.v1.Pod, node: core.v1.Node | undefined): boolean =>
  untoleratedTaint(node?.spec?.taints, pod.spec?.tolerations, hard) === undefined

/** Refuses nodes with taints that the pod does not tolerate, and prefers those with fewer untolerated soft ones. */
export const taintToleration = (): Plugin => ({
  name: 'TaintToleration',
  preFilter: ({ pod }) => ({
    type: 'filter',
    filter: ({ node }) =>
      node.spec?.taints !== undefined && untoleratedTaint(node.spec.taints, pod.spec?.tolerations, hard)
        ? rejection
        : undefined,
  }),
  preScore: ({ pod }, nodes) => {
    if (nodes.every(({ node }) => !node.spec?.taints?.some((taint) => taint.effect === 'PreferNoSchedule'))) {
      // No soft taint anywhere: all nodes score alike, as upstream's normalised 100 for everyone.
      return { type: 'skip' }
    }
    const soft = (pod.spec?.tolerations ?? []).filter(
      (toleration) => !toleration.effect || toleration.effect === 'PreferNoSchedule',
    )
    return {
      type: 'score',
      score: ({ node }) =>
        (node.spec?.taints ?? []).filter(
          (taint) => taint.effect === 'PreferNoSchedule' && !toleratesTaints(soft, taint),
        ).length,
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
