import type { core } from '../../../api/generated/types/index.ts'
import { addQuantities, compareQuantities } from '../../../apimachinery/quantity.ts'
import type { Quantities, Usage } from './constraints.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container

type Sums = Record<string, string>

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

/** Containers together, or the hungriest moment of the start if that is more; sidecars count with both. */
function total(pod: Pod, of: (container: Container) => Quantities, ownLevel: Quantities): Quantities {
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
  return { ...sums, ...ownLevel }
}

/** What a pod as a whole asks for: of its own, or its containers'. */
export const podUsage = (pod: Pod): Usage => ({
  requests: total(pod, (container) => container.resources?.requests, pod.spec?.resources?.requests),
  limits: total(pod, (container) => container.resources?.limits, pod.spec?.resources?.limits),
})
