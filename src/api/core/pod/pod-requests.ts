import { quantityMilli, quantityUnits } from '../../../apimachinery/quantity.ts'
import type { core } from '../../generated/types/index.ts'
import { isPodLevel } from './pod-quantities.ts'

/** Amounts by resource name: thousandths of a core for `cpu`, whole units (bytes, devices) for all others. */
export type Amounts = ReadonlyMap<string, number>

type ResourceList = { readonly [name: string]: string } | undefined

const amountOfResource = (name: string, quantity: string): number =>
  name === 'cpu' ? quantityMilli(quantity) : quantityUnits(quantity)

export function amountsOf(list: ResourceList): Map<string, number> {
  const amounts = new Map<string, number>()
  for (const name in list) {
    const quantity = list[name]
    if (quantity !== undefined) amounts.set(name, amountOfResource(name, quantity))
  }
  return amounts
}

export function addAmounts(into: Map<string, number>, more: Amounts): void {
  for (const [name, amount] of more) into.set(name, (into.get(name) ?? 0) + amount)
}

function raiseTo(into: Map<string, number>, least: Amounts): void {
  for (const [name, amount] of least) if (amount > (into.get(name) ?? 0)) into.set(name, amount)
}

export interface PodRequestsOptions {
  /** Counted for each container that does not ask for the resource. */
  readonly missing?: Amounts
  /** What a pod holds that is resized in place, or waits for it: the most of what is asked, given and in force (KEP-1287). */
  readonly held?: boolean
  /** With what it takes of the node's own resources through its devices, as its status says (KEP-5517). */
  readonly claimed?: boolean
}

/** A resize that the node can never grant asks for nothing. */
const isInfeasible = (pod: core.v1.Pod): boolean =>
  pod.status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason === 'Infeasible'

function heldRequests(
  pod: core.v1.Pod,
  asked: Map<string, number>,
  inForce: ResourceList,
  given: ResourceList,
): Map<string, number> {
  const held = isInfeasible(pod) ? new Map<string, number>() : asked
  raiseTo(held, amountsOf(inForce))
  raiseTo(held, amountsOf(given))
  return held
}

function containerRequests(
  container: core.v1.Container,
  pod: core.v1.Pod,
  { missing, held }: PodRequestsOptions,
): Map<string, number> {
  let amounts = amountsOf(container.resources?.requests)
  if (held) {
    const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {}
    const status = [...containerStatuses, ...initContainerStatuses].find(
      ({ name }) => name === container.name,
    )
    if (status?.resources !== undefined)
      amounts = heldRequests(pod, amounts, status.resources.requests, status.allocatedResources)
  }
  if (missing) for (const [name, amount] of missing) if (!amounts.has(name)) amounts.set(name, amount)
  return amounts
}

function podLevelRequests(pod: core.v1.Pod, { held }: PodRequestsOptions): Map<string, number> {
  const asked = amountsOf(pod.spec?.resources?.requests)
  for (const name of asked.keys()) if (!isPodLevel(name)) asked.delete(name)
  const { resources, allocatedResources } = pod.status ?? {}
  if (!held || asked.size === 0 || resources === undefined) return asked
  const names = [...asked.keys()]
  const amounts = heldRequests(pod, asked, resources.requests, allocatedResources)
  return new Map(names.map((name) => [name, amounts.get(name) ?? 0]))
}

/**
 * What a pod asks of a node: the greater of what its containers (with sidecars) need together and what any
 * init container needs with the sidecars started before it; pod-level requests stand in its place; overhead
 * comes on top. Follows upstream's resource helpers (KEP-753, KEP-2837).
 */
export function podRequests(pod: core.v1.Pod, options: PodRequestsOptions = {}): Map<string, number> {
  const spec = pod.spec
  const total = new Map<string, number>()
  for (const container of spec?.containers ?? [])
    addAmounts(total, containerRequests(container, pod, options))
  const sidecars = new Map<string, number>()
  const initial = new Map<string, number>()
  for (const container of spec?.initContainers ?? []) {
    const isSidecar = container.restartPolicy === 'Always'
    const own = containerRequests(container, pod, isSidecar ? options : { ...options, held: false })
    if (isSidecar) {
      addAmounts(total, own)
      addAmounts(sidecars, own)
      raiseTo(initial, sidecars)
    } else {
      addAmounts(own, sidecars)
      raiseTo(initial, own)
    }
  }
  raiseTo(total, initial)
  if (options.claimed)
    for (const { resources } of pod.status?.nodeAllocatableResourceClaimStatuses ?? [])
      addAmounts(total, amountsOf(resources ?? undefined))
  for (const [name, amount] of podLevelRequests(pod, options)) total.set(name, amount)
  addAmounts(total, amountsOf(spec?.overhead))
  return total
}
