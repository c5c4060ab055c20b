import { Pod } from '../../../api/core/pod/kind.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import type { Plugin } from '../../framework.ts'

/** Keeps pods with scheduling gates out of the queue (KEP-3521). */
export const schedulingGates = (): Plugin => ({
  name: 'SchedulingGates',
  preEnqueue: ({ pod }) => {
    const gates = (pod.spec?.schedulingGates ?? []).map((gate) => gate.name)
    if (gates.length === 0) return undefined
    return { resolvable: false, reasons: [`waiting for scheduling gates: [${gates.join(' ')}]`] }
  },
  events: [
    onEvent(Pod, actions.updatePodSchedulingGatesEliminated, ({ uid }, pod) => pod?.metadata?.uid === uid),
  ],
})
