import type { core } from '../api/generated/types/index.ts'

/** What happened in the cluster that may make an unschedulable pod schedulable. */
export type ClusterEvent =
  | { readonly type: 'node-add'; readonly node: core.v1.Node }
  | { readonly type: 'node-update'; readonly node: core.v1.Node; readonly old: core.v1.Node }
  /** A pod that had a node was deleted, finished, or asks for less. */
  | { readonly type: 'assigned-pod-delete'; readonly pod: core.v1.Pod }
  | { readonly type: 'assigned-pod-update'; readonly pod: core.v1.Pod; readonly old: core.v1.Pod }
  /** The waiting pod itself changed. */
  | { readonly type: 'pod-update'; readonly pod: core.v1.Pod; readonly old: core.v1.Pod }
  /** Nothing in particular: a pod has waited for upstream's five minutes. */
  | { readonly type: 'timeout' }
