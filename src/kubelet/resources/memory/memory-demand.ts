import { isSidecar } from '../../../api/core/pod/container-restart.ts'
import { hasPodLevelResources } from '../../../api/core/pod/pod-quantities.ts'
import { qosClass } from '../../../api/core/pod/qos-class.ts'
import { isHugePages } from '../../../api/core/resource-names.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { quantityUnits } from '../../../apimachinery/quantity.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container

/** Bytes of each kind of memory. */
export type MemoryDemand = ReadonlyMap<string, number>

/** Whether the pod's containers have memory of certain NUMA nodes: pods as a whole have none, as of processors. */
export const isPinned = (pod: Pod): boolean => qosClass(pod) === 'Guaranteed' && !hasPodLevelResources(pod)

/** What a container of a guaranteed pod asks for. */
export function containerMemory({ resources }: Container): MemoryDemand {
  // Defaults of the API: what is limited is requested.
  const all = Object.entries({ ...resources?.limits, ...resources?.requests })
  return new Map(
    all
      .filter(([name]) => name === 'memory' || isHugePages(name))
      .map(([name, amount]) => [name, quantityUnits(amount)]),
  )
}

/** What a pod's containers have at once at most: init containers give theirs to those that come after. */
export function podMemory({ spec }: Pod): MemoryDemand {
  const sidecars = new Map<string, number>()
  const starting = new Map<string, number>()
  const running = new Map<string, number>()
  const add = (to: Map<string, number>, container: Container): void => {
    for (const [type, bytes] of containerMemory(container)) to.set(type, (to.get(type) ?? 0) + bytes)
  }
  for (const container of spec?.initContainers ?? []) {
    if (isSidecar(container)) add(sidecars, container)
    else
      for (const [type, bytes] of containerMemory(container))
        starting.set(type, Math.max(starting.get(type) ?? 0, (sidecars.get(type) ?? 0) + bytes))
  }
  for (const container of spec?.containers ?? []) add(running, container)
  return new Map(
    [...running].map(([type, bytes]) => [
      type,
      Math.max(bytes + (sidecars.get(type) ?? 0), starting.get(type) ?? 0),
    ]),
  )
}
