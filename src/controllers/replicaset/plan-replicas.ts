import type { core } from '../../api/generated/types/index.ts'
import { rankPods } from '../../reconcile/rank-pods.ts'
import type { ReplicaOwner } from './replica-controller.ts'

/** Creations or deletions of one reconcile at most. */
export const burstReplicas = 500

export interface ReplicaPlan {
  /** Pods that are missing. */
  readonly create: number
  /** Pods that are too many. */
  readonly remove: readonly core.v1.Pod[]
}

/** What brings the number of active pods to what its owner wants; `related` are the pods of the same Deployment. */
export function planReplicas(
  owner: ReplicaOwner,
  pods: readonly core.v1.Pod[],
  related: readonly core.v1.Pod[],
  nowMs: number,
): ReplicaPlan {
  if (owner.metadata?.deletionTimestamp !== undefined) return { create: 0, remove: [] }
  const wanted = owner.spec?.replicas ?? 0
  if (pods.length <= wanted) return { create: Math.min(wanted - pods.length, burstReplicas), remove: [] }
  const excess = pods.length - wanted
  const count = Math.min(excess, burstReplicas)
  return { create: 0, remove: count < pods.length ? rankPods(pods, related, nowMs).slice(0, count) : pods }
}
