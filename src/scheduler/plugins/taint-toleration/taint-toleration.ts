import { toleratesTaints, untoleratedTaint } from '../../../api/core/pod/tolerations.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { normalizeScores, type Plugin, type Rejection } from '../../framework.ts'

const rejection: Rejection = { resolvable: false, reasons: ['node(s) had untolerated taint(s)'] }
const hard = ['NoSchedule', 'NoExecute']

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
  hint: ({ pod }, event) => {
    if (event.type === 'node-update' && jsonEqual(event.old.spec?.taints, event.node.spec?.taints))
      return false
    if (event.type === 'node-add' || event.type === 'node-update') {
      return untoleratedTaint(event.node.spec?.taints, pod.spec?.tolerations, hard) === undefined
    }
    return event.type === 'pod-update' || event.type === 'timeout'
  },
})
