import type { StringMap } from '../../../../apimachinery/meta.ts'
import { addQuantities, compareQuantities } from '../../../../apimachinery/quantity.ts'
import { mapSame } from '../../../defaulting.ts'
import type { core } from '../../../generated/types/index.ts'
import { defaultPodSpec } from './pod-spec-defaults.ts'
import { requestsFromLimits } from './resource-defaults.ts'

function withRequests(container: core.v1.Container): core.v1.Container {
  if (container.resources === undefined) return container
  const resources = requestsFromLimits(container.resources)
  return resources === container.resources ? container : { ...container, resources }
}

/** On the host's network a container's ports are the host's. */
function withHostPorts(container: core.v1.Container): core.v1.Container {
  if (container.ports === undefined) return container
  const ports = mapSame(container.ports, (port) =>
    port.hostPort === undefined || port.hostPort === 0 ? { ...port, hostPort: port.containerPort } : port,
  )
  return ports === container.ports ? container : { ...container, ports }
}

const isHugePages = (name: string): boolean => name.startsWith('hugepages-')

const isPodLevelResource = (name: string): boolean => name === 'cpu' || name === 'memory' || isHugePages(name)

function addList(into: Map<string, string>, list: StringMap | undefined): void {
  for (const name in list) {
    const known = into.get(name)
    const more = list[name] ?? '0'
    into.set(name, known === undefined ? more : addQuantities(known, more))
  }
}

function raiseTo(into: Map<string, string>, least: ReadonlyMap<string, string>): void {
  for (const [name, quantity] of least) {
    const known = into.get(name)
    if (known === undefined || compareQuantities(quantity, known) > 0) into.set(name, quantity)
  }
}

/** What all containers together come to, as exact texts: containers and sidecars run at once, init containers one after another beside the sidecars before them. */
export function aggregateContainers(
  spec: core.v1.PodSpec,
  which: 'requests' | 'limits',
): ReadonlyMap<string, string> {
  const total = new Map<string, string>()
  for (const container of spec.containers ?? []) addList(total, container.resources?.[which])
  const sidecars = new Map<string, string>()
  const peak = new Map<string, string>()
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      addList(total, container.resources?.[which])
      addList(sidecars, container.resources?.[which])
      raiseTo(peak, sidecars)
      continue
    }
    const own = new Map(sidecars)
    addList(own, container.resources?.[which])
    raiseTo(peak, own)
  }
  raiseTo(total, peak)
  return total
}

/** KEP-2837: where the pod as a whole has limits, its requests follow from its containers' or from the limits. */
function withPodLevelResources(spec: core.v1.PodSpec): core.v1.PodSpec {
  const resources = spec.resources
  if (resources === undefined) return spec
  const limits: Record<string, string> = { ...resources.limits }
  const requests: Record<string, string> = { ...resources.requests }
  if (Object.keys(limits).length + Object.keys(requests).length > 0) {
    for (const [name, quantity] of aggregateContainers(spec, 'limits'))
      if (isHugePages(name) && !(name in requests) && !(name in limits)) limits[name] = quantity
  }
  if (Object.keys(limits).length > 0) {
    for (const [name, quantity] of aggregateContainers(spec, 'requests'))
      if (isPodLevelResource(name) && !isHugePages(name) && !(name in requests)) requests[name] = quantity
    for (const name in limits)
      if (isPodLevelResource(name) && !(name in requests)) requests[name] = limits[name] ?? ''
  }
  return {
    ...spec,
    resources: {
      ...resources,
      ...(Object.keys(limits).length > 0 ? { limits } : {}),
      ...(Object.keys(requests).length > 0 ? { requests } : {}),
    },
  }
}

/** Upstream's defaults of a pod: those of any specification, and those that templates leave to the pods made from them. */
export function defaultPod(pod: core.v1.Pod): core.v1.Pod {
  if (pod.spec === undefined) return pod
  let spec = defaultPodSpec(pod.spec)
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec = { ...spec, terminationGracePeriodSeconds: 1 }
  if (spec.enableServiceLinks === undefined) spec = { ...spec, enableServiceLinks: true }
  const change = (container: core.v1.Container): core.v1.Container => {
    const requested = withRequests(container)
    return spec.hostNetwork === true ? withHostPorts(requested) : requested
  }
  if (spec.containers !== undefined) {
    const containers = mapSame(spec.containers, change)
    if (containers !== spec.containers) spec = { ...spec, containers }
  }
  if (spec.initContainers !== undefined) {
    const initContainers = mapSame(spec.initContainers, change)
    if (initContainers !== spec.initContainers) spec = { ...spec, initContainers }
  }
  spec = withPodLevelResources(spec)
  return spec === pod.spec ? pod : { ...pod, spec }
}
