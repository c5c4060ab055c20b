import { parseQuantity } from '../../../apimachinery/quantity.ts'
import { defined } from '../../../base/defined.ts'
import type { ResourceRules } from '../../../kubelet/pod/runtime-config/resource-rules.ts'
import type { MemoryReservation } from '../../../kubelet/resources/memory/reserved-memory.ts'
import {
  booleanOf,
  durationOf,
  type Fields,
  listOf,
  nonEmpty,
  nonNull,
  numberOf,
  only,
  textMapOf,
  textOf,
  textsOf,
} from '../config-fields.ts'
import type { KubeletFlags } from './kubelet-flags.ts'

export const resourceFields = [
  ...['kubeReserved', 'systemReserved', 'kubeReservedCgroup', 'systemReservedCgroup'],
  ...['enforceNodeAllocatable', 'podsPerCore', 'podPidsLimit', 'cpuCFSQuota', 'cpuCFSQuotaPeriod'],
  ...['topologyManagerPolicy', 'topologyManagerScope', 'topologyManagerPolicyOptions'],
  ...['cpuManagerPolicy', 'cpuManagerPolicyOptions', 'cpuManagerReconcilePeriod'],
  ...['memoryManagerPolicy', 'reservedMemory', 'reservedSystemCPUs'],
  ...['memorySwap', 'memoryThrottlingFactor', 'memoryReservationPolicy', 'singleProcessOOMKill'],
]

/** What no flag says. */
export interface MemoryConfig extends Pick<ResourceRules, 'swap' | 'killsSingleProcess'> {
  readonly throttlingFactor?: number
  readonly reservesMemory?: boolean
}

function reservedMemory(fields: Fields): readonly MemoryReservation[] | undefined {
  return listOf(fields, 'reservedMemory')?.map((item, index) => {
    const place = `reservedMemory[${index}]`
    const reservation = only(item, place, ['numaNode', 'limits'])
    const limits = Object.fromEntries(textMapOf(reservation, 'limits') ?? [])
    for (const amount of Object.values(limits)) {
      const parsed = parseQuantity(amount)
      if ('error' in parsed) throw new Error(`${place}.limits: ${parsed.error}`)
    }
    return { numaNode: numberOf(reservation, 'numaNode') ?? 0, limits }
  })
}

export const resourceConfigFlags = (fields: Fields): Partial<KubeletFlags> =>
  defined({
    'kube-reserved': textMapOf(fields, 'kubeReserved'),
    'system-reserved': textMapOf(fields, 'systemReserved'),
    'kube-reserved-cgroup': textOf(fields, 'kubeReservedCgroup'),
    'system-reserved-cgroup': textOf(fields, 'systemReservedCgroup'),
    'enforce-node-allocatable': textsOf(fields, 'enforceNodeAllocatable'),
    'pods-per-core': numberOf(fields, 'podsPerCore'),
    'pod-max-pids': numberOf(fields, 'podPidsLimit'),
    'topology-manager-policy': nonEmpty(textOf(fields, 'topologyManagerPolicy')),
    'topology-manager-scope': nonEmpty(textOf(fields, 'topologyManagerScope')),
    'topology-manager-policy-options': textMapOf(fields, 'topologyManagerPolicyOptions'),
    'cpu-manager-policy': nonEmpty(textOf(fields, 'cpuManagerPolicy')),
    'cpu-manager-policy-options': textMapOf(fields, 'cpuManagerPolicyOptions'),
    'cpu-manager-reconcile-period': nonNull(durationOf(fields, 'cpuManagerReconcilePeriod')),
    'memory-manager-policy': nonEmpty(textOf(fields, 'memoryManagerPolicy')),
    'reserved-memory': reservedMemory(fields),
    'reserved-cpus': textOf(fields, 'reservedSystemCPUs'),
    'cpu-cfs-quota': booleanOf(fields, 'cpuCFSQuota'),
    'cpu-cfs-quota-period': durationOf(fields, 'cpuCFSQuotaPeriod'),
  })

function swapOf(fields: Fields): ResourceRules['swap'] {
  const swap = textOf(only(fields['memorySwap'], 'memorySwap', ['swapBehavior']), 'swapBehavior')
  if (swap === undefined || swap === '') return undefined
  if (swap === 'NoSwap' || swap === 'LimitedSwap') return swap
  throw new Error(
    `invalid configuration: memorySwap.swapBehavior "${swap}" must be one of: "", "LimitedSwap" or "NoSwap"`,
  )
}

/** Throws an Error in upstream's words. */
export function memoryConfig(fields: Fields): MemoryConfig {
  const throttlingFactor = numberOf(fields, 'memoryThrottlingFactor')
  if (throttlingFactor !== undefined && (throttlingFactor <= 0 || throttlingFactor > 1))
    throw new Error(
      `invalid configuration: memoryThrottlingFactor ${throttlingFactor} must be greater than 0 and less than or equal to 1.0`,
    )
  const policy = textOf(fields, 'memoryReservationPolicy') ?? ''
  if (!['', 'None', 'TieredReservation'].includes(policy))
    throw new Error(
      `invalid configuration: memoryReservationPolicy "${policy}" must be one of: "None" or "TieredReservation"`,
    )
  return defined({
    swap: swapOf(fields),
    killsSingleProcess: booleanOf(fields, 'singleProcessOOMKill'),
    throttlingFactor,
    reservesMemory: policy === 'TieredReservation' ? true : undefined,
  })
}
