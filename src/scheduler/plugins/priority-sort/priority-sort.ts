import type { Plugin } from '../../framework.ts'

/** Higher priority first, then who has waited longer. */
export const prioritySort = (): Plugin => ({
  name: 'PrioritySort',
  less: (left, right) => right.info.priority - left.info.priority || left.timestampMs - right.timestampMs,
})
