import { toleratesTaints } from '../../../api/core/pod/tolerations.ts'
import type { core } from '../../../api/generated/types/index.ts'
import type { Plugin, Rejection } from '../../framework.ts'

const cordoned: core.v1.Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }
const rejection: Rejection = { resolvable: false, reasons: ['node(s) were unschedulable'] }

/** Refuses nodes that are cordoned, to pods that do not tolerate it. */
export const nodeUnschedulable = (): Plugin => ({
  name: 'NodeUnschedulable',
  preFilter: ({ pod }) => {
    if (toleratesTaints(pod.spec?.tolerations, cordoned)) return { type: 'skip' }
    return { type: 'filter', filter: ({ node }) => (node.spec?.unschedulable ? rejection : undefined) }
  },
  hint: (_pod, event) => {
    if (event.type === 'node-add') return !event.node.spec?.unschedulable
    if (event.type === 'node-update')
      return event.old.spec?.unschedulable === true && !event.node.spec?.unschedulable
    return event.type === 'pod-update' || event.type === 'timeout'
  },
})
