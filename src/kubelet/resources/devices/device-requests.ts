import type { core } from '../../../api/generated/types/index.ts'
import { quantityUnits } from '../../../apimachinery/quantity.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container

/** How many devices of each resource a container asks for: requests are limits. */
export const deviceRequests = ({ resources }: Container): ReadonlyMap<string, number> =>
  new Map(Object.entries(resources?.limits ?? {}).map(([name, text]) => [name, quantityUnits(text)]))

/** The most that a pod's containers have of each resource at any time. */
export function podDeviceRequests(pod: Pod): ReadonlyMap<string, number> {
  const { initContainers = [], containers = [] } = pod.spec ?? {}
  const resources = new Set(
    [...initContainers, ...containers].flatMap((each) => [...deviceRequests(each).keys()]),
  )
  return new Map(
    [...resources].map((resource) => [resource, podRequest(initContainers, containers, resource)]),
  )
}

function podRequest(
  initContainers: readonly Container[],
  containers: readonly Container[],
  resource: string,
): number {
  const of = (container: Container): number => deviceRequests(container).get(resource) ?? 0
  let sidecars = 0
  let starting = 0
  for (const container of initContainers) {
    if (container.restartPolicy === 'Always') sidecars += of(container)
    else starting = Math.max(starting, sidecars + of(container))
  }
  const regular = containers.reduce((sum, each) => sum + of(each), 0)
  return Math.max(starting, sidecars + regular)
}

/** What the scheduler gave a pod from ResourceSlices under the name of an extended resource. */
export const isClaimed = (pod: Pod, container: string, resource: string): boolean =>
  (pod.status?.extendedResourceClaimStatus?.requestMappings ?? []).some(
    (mapping) => mapping.containerName === container && mapping.resourceName === resource,
  )
