import { quantityMilli, quantityUnits } from '../../../apimachinery/quantity.ts'
import type { core } from '../../generated/types/index.ts'

/** Amounts by resource name: thousandths of a core for `cpu`, whole units (bytes, devices) for all others. */
export type Amounts = ReadonlyMap<string, number>

type ResourceList = { readonly [name: string]: string } | undefined

export const amountOfResource = (name: string, quantity: string): number =>
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
}

function containerRequests(container: core.v1.Container, missing: Amounts | undefined): Map<string, number> {
  const amounts = amountsOf(container.resources?.requests)
  if (missing) for (const [name, amount] of missing) if (!amounts.has(name)) amounts.set(name, amount)
  return amounts
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
    addAmounts(total, containerRequests(container, options.missing))
  const sidecars = new Map<string, number>()
  const initial = new Map<string, number>()
  for (const container of spec?.initContainers ?? []) {
    const own = containerRequests(container, options.missing)
    if (container.restartPolicy === 'Always') {
      addAmounts(total, own)
      addAmounts(sidecars, own)
      raiseTo(initial, sidecars)
    } else {
      addAmounts(own, sidecars)
      raiseTo(initial, own)
    }
  }
  raiseTo(total, initial)
  for (const [name, amount] of amountsOf(spec?.resources?.requests)) total.set(name, amount)
  addAmounts(total, amountsOf(spec?.overhead))
  return total
}
