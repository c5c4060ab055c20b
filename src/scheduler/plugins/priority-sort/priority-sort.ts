import { timeMs } from '../../../apimachinery/time.ts'
import type { Plugin } from '../../framework.ts'

/** Higher priority first, then who has waited longer. */
export const prioritySort = (): Plugin => ({
  name: 'PrioritySort',
  less: (left, right) =>
    right.priority - left.priority ||
    timeMs(left.pod.metadata?.creationTimestamp ?? '') - timeMs(right.pod.metadata?.creationTimestamp ?? ''),
})
