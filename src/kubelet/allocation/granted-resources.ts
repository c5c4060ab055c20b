import { initAndMainContainers } from '../../api/core/pod/init-and-main-containers.ts'
import type { core } from '../../api/generated/types/index.ts'
import { quantityMilli, quantityUnits } from '../../apimachinery/quantity.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod
type Requirements = core.v1.ResourceRequirements

/** What of a pod can be resized while it runs: the resources of its containers, by name, and its own. */
export interface PodResources {
  readonly containers: Readonly<Record<string, Requirements>>
  readonly pod?: Requirements
}

export function resourcesOf(pod: Pod): PodResources {
  const own = pod.spec?.resources
  return {
    containers: Object.fromEntries(
      initAndMainContainers(pod.spec).map((container) => [container.name, container.resources ?? {}]),
    ),
    ...(own === undefined ? {} : { pod: own }),
  }
}

function withContainers(
  containers: readonly Container[],
  given: PodResources['containers'],
): readonly Container[] {
  let changed = false
  const next = containers.map((container) => {
    const resources = given[container.name]
    if (resources === undefined || semanticallyEqual(resources, container.resources)) return container
    changed = true
    return { ...container, resources }
  })
  return changed ? next : containers
}

/** The pod with these resources; the same object where it has them already. */
export function withResources(pod: Pod, given: PodResources): Pod {
  const { spec } = pod
  if (spec === undefined) return pod
  const containers = withContainers(spec.containers, given.containers)
  const initContainers = spec.initContainers && withContainers(spec.initContainers, given.containers)
  const keeps = given.pod === undefined || semanticallyEqual(given.pod, spec.resources)
  if (containers === spec.containers && initContainers === spec.initContainers && keeps) return pod
  return {
    ...pod,
    spec: {
      ...spec,
      containers,
      ...(initContainers === undefined ? {} : { initContainers }),
      ...(given.pod === undefined ? {} : { resources: given.pod }),
    },
  }
}

/** What the kernel is told: thousandths of a core, bytes; 0 where nothing is said. */
export interface ComputeAmounts {
  readonly cpuRequest: number
  readonly cpuLimit: number
  readonly memoryRequest: number
  readonly memoryLimit: number
}

/** A container without a limit of its own has its pod's. */
export function computeAmounts(own: Requirements | undefined, pod?: Requirements): ComputeAmounts {
  const { requests = {}, limits = {} } = own ?? {}
  const whole = pod?.limits ?? {}
  return {
    cpuRequest: quantityMilli(requests['cpu'] ?? '0'),
    cpuLimit: quantityMilli(limits['cpu'] ?? whole['cpu'] ?? '0'),
    memoryRequest: quantityUnits(requests['memory'] ?? '0'),
    memoryLimit: quantityUnits(limits['memory'] ?? whole['memory'] ?? '0'),
  }
}

export const sameAmounts = (a: ComputeAmounts, b: ComputeAmounts): boolean =>
  a.cpuRequest === b.cpuRequest &&
  a.cpuLimit === b.cpuLimit &&
  a.memoryRequest === b.memoryRequest &&
  a.memoryLimit === b.memoryLimit
