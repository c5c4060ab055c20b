/** Of `system-cluster-critical`: priorities from here on are the system's own. */
export const clusterCriticalPriority = 2_000_000_000
/** Of `system-node-critical`. */
export const nodeCriticalPriority = 2_000_001_000
