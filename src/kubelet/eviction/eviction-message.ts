import type { core } from '../../api/generated/types/index.ts'
import { quantityOfUnits, quantityUnits } from '../../apimachinery/quantity.ts'
import type { PodUsage } from './pod-usage.ts'
import { quantityOf, resourceOf, type StarvedResource, type Threshold } from './thresholds.ts'
import type { Observations } from './watch-signals.ts'

const binary = (value: number): string => quantityOfUnits(value, 'BinarySI')

function usedOf(
  usage: PodUsage | undefined,
  container: string,
  resource: StarvedResource,
): number | undefined {
  const own = usage?.containers.get(container)
  if (own === undefined || resource === 'inodes' || resource === 'pids') return undefined
  return resource === 'memory' ? own.memoryBytes : own.rootfs.bytes + own.logs.bytes
}

/** Why a pod was chosen, in upstream's words. */
export function evictionMessage(
  pod: core.v1.Pod,
  usage: PodUsage | undefined,
  resource: StarvedResource,
  thresholds: readonly Threshold[],
  seen: Observations,
): string {
  const parts = [`The node was low on resource: ${resource}. `]
  const threshold = thresholds.find(({ signal }) => resourceOf(signal) === resource && seen.has(signal))
  const observation = threshold && seen.get(threshold.signal)
  if (threshold !== undefined && observation !== undefined) {
    const available =
      resource === 'inodes' || resource === 'pids'
        ? quantityOfUnits(observation.available, 'DecimalSI')
        : binary(observation.available)
    const quantity = binary(quantityOf(threshold.value, observation.capacity))
    parts.push(`Threshold quantity: ${quantity}, available: ${available}. `)
  }
  const { containers = [], initContainers = [] } = pod.spec ?? {}
  for (const { name, resources } of [...containers, ...initContainers]) {
    const used = usedOf(usage, name, resource)
    const request = resources?.requests?.[resource] ?? '0'
    if (used === undefined || used <= quantityUnits(request)) continue
    parts.push(
      `Container ${name} was using ${binary(used)}, request is ${request}, has larger consumption of ${resource}. `,
    )
  }
  return parts.join('')
}
