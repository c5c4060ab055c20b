import type { scheduling } from '../../api/generated/types/index.ts'
import { PriorityClass } from '../../api/scheduling/priority-class/kind.ts'
import { clusterCriticalPriority, nodeCriticalPriority } from '../../api/scheduling/system-priorities.ts'
import { type BootstrapContext, ensure } from './ensure.ts'

const systemClass = (name: string, value: number, description: string): scheduling.v1.PriorityClass => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  description,
})

const systemClasses = [
  systemClass(
    'system-node-critical',
    nodeCriticalPriority,
    'Used for system critical pods that must not be moved from their current node.',
  ),
  systemClass(
    'system-cluster-critical',
    clusterCriticalPriority,
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ),
]

/** The classes above all that users may define. */
export async function ensurePriorityClasses(context: BootstrapContext): Promise<void> {
  await Promise.all(systemClasses.map((object) => ensure(context, { kind: PriorityClass, object })))
}
