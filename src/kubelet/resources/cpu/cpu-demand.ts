import { isSidecar } from '../../../api/core/pod/container-restart.ts'
import { hasPodLevelResources } from '../../../api/core/pod/pod-quantities.ts'
import { qosClass } from '../../../api/core/pod/qos-class.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { quantityMilli } from '../../../apimachinery/quantity.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container

/** How many processors a container has for itself: a whole number of them, in a guaranteed pod; 0: it shares. */
export function exclusiveCpus(pod: Pod, container: Container): number {
  // Resources of pods as a whole are not for this: upstream's gate PodLevelResourceManagers is not here.
  if (hasPodLevelResources(pod) || qosClass(pod) !== 'Guaranteed') return 0
  // Defaults of the API: what is limited is requested.
  const { requests, limits } = container.resources ?? {}
  const milli = quantityMilli(requests?.['cpu'] ?? limits?.['cpu'] ?? '0')
  return milli % 1000 === 0 ? milli / 1000 : 0
}

/** How many a pod's containers have at once at most: init containers give theirs to those that come after. */
export function podExclusiveCpus(pod: Pod): number {
  let sidecars = 0
  let starting = 0
  for (const container of pod.spec?.initContainers ?? []) {
    const count = exclusiveCpus(pod, container)
    if (isSidecar(container)) sidecars += count
    else starting = Math.max(starting, sidecars + count)
  }
  const running = (pod.spec?.containers ?? []).reduce((sum, each) => sum + exclusiveCpus(pod, each), sidecars)
  return Math.max(running, starting)
}
