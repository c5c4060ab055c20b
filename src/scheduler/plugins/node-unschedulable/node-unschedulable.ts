import { Node } from '../../../api/core/node/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import { toleratesTaints } from '../../../api/core/pod/tolerations.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import type { Plugin, PluginContext, Rejection } from '../../framework.ts'

const cordoned: core.v1.Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }
const rejection: Rejection = { resolvable: false, reasons: ['node(s) were unschedulable'] }

/** Refuses nodes that are cordoned, to pods that do not tolerate it. */
export const nodeUnschedulable = ({ nodes }: PluginContext): Plugin => ({
  name: 'NodeUnschedulable',
  sign: ({ pod }) => toleratesTaints(pod.spec?.tolerations, cordoned),
  preFilter: ({ pod }) => {
    if (toleratesTaints(pod.spec?.tolerations, cordoned)) return { type: 'skip' }
    return {
      type: 'filter',
      filter: ({ index }) => (nodes.columns.unschedulable[index] === 0 ? undefined : rejection),
    }
  },
  events: [
    onEvent(
      Node,
      actions.add | actions.updateNodeTaint,
      (_pod, node, old) =>
        !node?.spec?.unschedulable && (old === undefined || old.spec?.unschedulable === true),
    ),
    onEvent(
      Pod,
      actions.updatePodToleration,
      ({ uid }, pod) => pod?.metadata?.uid === uid && toleratesTaints(pod.spec?.tolerations, cordoned),
    ),
  ],
})
