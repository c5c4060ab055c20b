import { defined } from '../../../base/defined.ts'
import type { ResourceRules } from '../../../kubelet/pod/runtime-config/resource-rules.ts'
import { topologyPolicies } from '../../../kubelet/resources/topology/merge-hints.ts'
import { topologyScopes } from '../../../kubelet/resources/topology/topology-manager.ts'
import {
  booleanOf,
  choiceOf,
  durationOf,
  type Fields,
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
  ...['memorySwap', 'memoryThrottlingFactor', 'memoryReservationPolicy', 'singleProcessOOMKill'],
]

/** What no flag says. */
export interface MemoryConfig extends Pick<ResourceRules, 'swap' | 'killsSingleProcess'> {
  readonly throttlingFactor?: number
  readonly reservesMemory?: boolean
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
    'topology-manager-policy': choiceOf(fields, 'topologyManagerPolicy', topologyPolicies),
    'topology-manager-scope': choiceOf(fields, 'topologyManagerScope', topologyScopes),
    'topology-manager-policy-options': textMapOf(fields, 'topologyManagerPolicyOptions'),
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
