import { isMirrorPod } from '../../api/core/pod/mirror-pod.ts'
import type { core } from '../../api/generated/types/index.ts'
import { clusterCriticalPriority } from '../../api/scheduling/system-priorities.ts'
import { isStaticPod } from './static-annotations.ts'

/** One that the cluster or the node itself needs: of a system's priority, or of the node's own files. */
export const isCriticalPod = (pod: core.v1.Pod): boolean =>
  isStaticPod(pod) || isMirrorPod(pod) || (pod.spec?.priority ?? 0) >= clusterCriticalPriority
