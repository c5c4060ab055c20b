import { addQuantities, compareQuantities, quantityNumber } from '../../../apimachinery/quantity.ts'
import type { core } from '../../generated/types/index.ts'
import { isHugePages } from '../resource-names.ts'
import { podCondition } from './pod-state.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container
type Resources = core.v1.ResourceRequirements

export type Quantities = Readonly<Record<string, string>> | undefined
type Sums = Record<string, string>

export interface PodQuantities {
  readonly requests: Quantities
  readonly limits: Quantities
}

export interface PodQuantitiesOptions {
  /** Also counts what the kubelet has given a container, where that is more (KEP-1287). */
  readonly withStatus?: boolean
  /** Adds the overhead: to all requests, and to limits that there are. */
  readonly withOverhead?: boolean
}

/** What may be asked for by a pod as a whole (KEP-2837). */
/** What pod-level resources may name (KEP-2837). */
export const isPodLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || isHugePages(name)

export function hasPodLevelResources({ spec }: Pod): boolean {
  const { requests, limits } = spec?.resources ?? {}
  return [...Object.keys(requests ?? {}), ...Object.keys(limits ?? {})].some(isPodLevel)
}

function add(into: Sums, more: Quantities): void {
  for (const [name, quantity] of Object.entries(more ?? {})) {
    const present = into[name]
    into[name] = present === undefined ? quantity : addQuantities(present, quantity)
  }
}

function raiseTo(into: Sums, least: Quantities): void {
  for (const [name, quantity] of Object.entries(least ?? {})) {
    const present = into[name]
    if (present === undefined || compareQuantities(quantity, present) > 0) into[name] = quantity
  }
}

function most(...lists: readonly Quantities[]): Quantities {
  const highest: Sums = {}
  for (const list of lists) raiseTo(highest, list)
  return highest
}

/** What a container asks for: by its spec, or what it has where that is more. */
function resourcesOf(pod: Pod, withStatus: boolean): (container: Container) => Resources | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {}
  const statuses = withStatus ? [...containerStatuses, ...initContainerStatuses] : []
  if (!statuses.some(({ resources }) => resources !== undefined)) return ({ resources }) => resources
  const pending = podCondition(pod, 'PodResizePending')
  const isInfeasible = pending?.reason === 'Infeasible'
  return (container) => {
    const { requests, limits } = container.resources ?? {}
    const status = statuses.find(({ name }) => name === container.name)
    if (status?.resources === undefined) return container.resources
    const { resources: actual, allocatedResources: allocated } = status
    return isInfeasible
      ? { requests: most(actual.requests, allocated) ?? {}, limits: actual.limits ?? {} }
      : {
          requests: most(requests, actual.requests, allocated) ?? {},
          limits: most(limits, actual.limits) ?? {},
        }
  }
}

/** Containers together, or the hungriest moment of the start if that is more; sidecars count with both (KEP-753). */
function total(pod: Pod, of: (container: Container) => Quantities, ownLevel: Quantities): Sums {
  const sums: Sums = {}
  const sidecars: Sums = {}
  const initial: Sums = {}
  for (const container of pod.spec?.containers ?? []) add(sums, of(container))
  for (const container of pod.spec?.initContainers ?? []) {
    const moment: Sums = { ...sidecars }
    add(moment, of(container))
    if (container.restartPolicy === 'Always') {
      add(sums, of(container))
      add(sidecars, of(container))
    }
    raiseTo(initial, moment)
  }
  raiseTo(sums, initial)
  for (const [name, quantity] of Object.entries(ownLevel ?? {})) if (isPodLevel(name)) sums[name] = quantity
  return sums
}

/** What a pod as a whole asks for: of its own, or its containers'. */
export function podQuantities(pod: Pod, options: PodQuantitiesOptions = {}): PodQuantities {
  const { withStatus = false, withOverhead = false } = options
  const of = resourcesOf(pod, withStatus)
  const { resources, overhead } = pod.spec ?? {}
  const requests = total(pod, (container) => of(container)?.requests, resources?.requests)
  const limits = total(pod, (container) => of(container)?.limits, resources?.limits)
  if (withOverhead && overhead !== undefined) {
    add(requests, overhead)
    const limited = Object.entries(overhead).filter(([name]) => quantityNumber(limits[name] ?? '0') !== 0)
    add(limits, Object.fromEntries(limited))
  }
  return { requests, limits }
}
