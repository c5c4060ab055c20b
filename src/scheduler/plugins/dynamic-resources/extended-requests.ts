import type { core, resource } from '../../../api/generated/types/index.ts'
import { quantityUnits } from '../../../apimachinery/quantity.ts'

type DeviceRequest = resource.v1.DeviceRequest
type Mapping = core.v1.ContainerExtendedResourceRequest

/** What a claim for a pod's extended resources asks for, and which request is for which container. */
export interface ExtendedRequests {
  readonly requests: readonly DeviceRequest[]
  readonly mappings: readonly Mapping[]
}

const countOf = (request: DeviceRequest): number => request.exactly?.count ?? 0

/** One container's need of one resource; what requests of `reusable` have already need not be asked for again. */
function ofContainer(
  index: number,
  { name: containerName, resources }: core.v1.Container,
  resourceName: string,
  deviceClassName: string,
  reusable: readonly (DeviceRequest | undefined)[],
): { readonly request?: DeviceRequest; readonly mappings: readonly Mapping[] } {
  const wanted = resources?.requests?.[resourceName]
  const amount = wanted === undefined ? 0 : quantityUnits(wanted)
  if (amount === 0) return { mappings: [] }
  const mappings: Mapping[] = []
  let found = 0
  for (const other of reusable) {
    if (other === undefined) continue
    found += countOf(other)
    mappings.push({ containerName, resourceName, requestName: other.name })
    if (found >= amount) return { mappings }
  }
  const place = Object.keys(resources?.requests ?? {})
    .sort()
    .indexOf(resourceName)
  const requestName = `container-${index}-request-${place}`
  mappings.push({ containerName, resourceName, requestName })
  const exactly = { deviceClassName, allocationMode: 'ExactCount', count: amount - found }
  return { request: { name: requestName, exactly }, mappings }
}

/** One resource: containers that live on have devices of their own; those that end before share one request, the largest. */
function ofResource(
  containers: readonly core.v1.Container[],
  endsBefore: (index: number) => boolean,
  resourceName: string,
  className: string,
): ExtendedRequests {
  const lasting: (DeviceRequest | undefined)[] = containers.map(() => undefined)
  const mappings: Mapping[] = []
  for (const [index, container] of containers.entries()) {
    if (endsBefore(index)) continue
    const own = ofContainer(index, container, resourceName, className, [])
    lasting[index] = own.request
    mappings.push(...own.mappings)
  }
  let largest: DeviceRequest | undefined
  const passing = new Set<string>()
  const passingMappings: Mapping[] = []
  for (const [index, container] of containers.entries()) {
    if (!endsBefore(index)) continue
    const own = ofContainer(index, container, resourceName, className, lasting.slice(index))
    passingMappings.push(...own.mappings)
    if (own.request === undefined) continue
    passing.add(own.request.name)
    if (largest === undefined || countOf(largest) < countOf(own.request)) largest = own.request
  }
  const shared = largest?.name ?? ''
  mappings.push(
    ...passingMappings.map((mapping) =>
      passing.has(mapping.requestName) ? { ...mapping, requestName: shared } : mapping,
    ),
  )
  return { requests: [...(largest ? [largest] : []), ...lasting.flatMap((one) => one ?? [])], mappings }
}

/**
 * Requests for the named resources of a pod, sorted by name. `container-<i>-request-<j>`: i counts init containers first, j is
 * the resource's place among the container's requests, sorted. Upstream's createRequestsAndMappings.
 */
export function extendedRequests(
  { spec }: core.v1.Pod,
  resources: readonly string[],
  classOf: (resource: string) => resource.v1.DeviceClass | undefined,
): ExtendedRequests {
  const init = spec?.initContainers ?? []
  const containers = [...init, ...(spec?.containers ?? [])]
  const endsBefore = (index: number): boolean =>
    index < init.length && containers[index]?.restartPolicy !== 'Always'
  const parts = resources.toSorted().flatMap((name) => {
    const className = classOf(name)?.metadata?.name
    return className === undefined ? [] : [ofResource(containers, endsBefore, name, className)]
  })
  return {
    requests: parts.flatMap(({ requests }) => requests).sort((a, b) => (a.name < b.name ? -1 : 1)),
    mappings: parts.flatMap(({ mappings }) => mappings),
  }
}
