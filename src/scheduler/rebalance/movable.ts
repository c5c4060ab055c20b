import type { core } from '../../api/generated/types/index.ts'
import { clusterCriticalPriority } from '../../api/scheduling/system-priorities.ts'
import { controllerOf } from '../../reconcile/owner-references.ts'

export interface MovableOptions {
  /** Only pods of these; empty: of all. */
  readonly namespaces: readonly string[]
  /** What emptyDir volumes hold may be lost. */
  readonly deleteEmptyDirData: boolean
}

/** Of upstream's cluster-autoscaler: `"false"` keeps a pod where it is. */
const safeToEvict = 'cluster-autoscaler.kubernetes.io/safe-to-evict'

/** Whether somebody puts another pod in its place when it is evicted, and nothing is lost but its running. */
export function isMovable(pod: core.v1.Pod, { namespaces, deleteEmptyDirData }: MovableOptions): boolean {
  const { metadata, spec, status } = pod
  const owner = controllerOf(pod)
  if (owner === undefined || owner.kind === 'DaemonSet' || owner.kind === 'Node') return false
  if (namespaces.length > 0 && !namespaces.includes(metadata?.namespace ?? '')) return false
  if (status?.phase !== 'Running' || metadata?.deletionTimestamp !== undefined) return false
  if ((spec?.priority ?? 0) >= clusterCriticalPriority || metadata?.annotations?.[safeToEvict] === 'false')
    return false
  return !(spec?.volumes ?? []).some(
    ({ emptyDir, hostPath }) => hostPath !== undefined || (emptyDir !== undefined && !deleteEmptyDirData),
  )
}
