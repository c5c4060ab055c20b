import { featureGates } from '../../../api/feature-gates.ts'
import { defined } from '../../../base/defined.ts'
import { messageOf } from '../../../base/message-of.ts'
import { checkReservations, parseReserved } from '../../../kubelet/node/allocatable/reservations.ts'
import type { NodeTuning } from '../../../kubelet/node/node-object.ts'
import type { ResourceRules } from '../../../kubelet/pod/runtime-config/resource-rules.ts'
import { topologyOptions } from '../../../kubelet/resources/topology/policy-options.ts'
import type { KubeletFlags } from './kubelet-flags.ts'
import type { MemoryConfig } from './resource-config.ts'

/** Upstream's `memoryThrottlingFactor`. */
const throttlingFactor = 0.9

function reserved(flags: KubeletFlags, name: 'kube-reserved' | 'system-reserved') {
  try {
    return parseReserved(flags[name])
  } catch (error) {
    throw new Error(`--${name} value failed to parse: ${messageOf(error)}`)
  }
}

function rules(flags: KubeletFlags, memory: MemoryConfig): ResourceRules {
  const periodMs = flags['cpu-cfs-quota-period']
  if (periodMs < 1 || periodMs > 1000)
    throw new Error(
      `invalid configuration: cpuCFSQuotaPeriod (--cpu-cfs-quota-period) ${periodMs}ms must be between 1ms and 1sec, inclusive`,
    )
  return defined({
    enforcesCpuLimits: flags['cpu-cfs-quota'] ? undefined : false,
    cpuPeriodUs: periodMs === 100 ? undefined : periodMs * 1000,
    podPids: flags['pod-max-pids'] > 0 ? flags['pod-max-pids'] : undefined,
    killsSingleProcess: memory.killsSingleProcess,
    swap: memory.swap,
    memoryQuality: featureGates(flags['feature-gates']).enabled('MemoryQoS')
      ? {
          throttlingFactor: memory.throttlingFactor ?? throttlingFactor,
          reserves: memory.reservesMemory ?? false,
        }
      : undefined,
  })
}

/** What the command line and the file say of the machine's resources. Throws an Error in upstream's words. */
export function resourceTuning(
  flags: KubeletFlags,
  memory: MemoryConfig,
): Pick<NodeTuning, 'reservations' | 'podsPerCore' | 'resourceRules' | 'topology'> {
  const reservations = {
    system: reserved(flags, 'system-reserved'),
    kube: reserved(flags, 'kube-reserved'),
    enforced: flags['enforce-node-allocatable'],
    systemGroup: flags['system-reserved-cgroup'],
    kubeGroup: flags['kube-reserved-cgroup'],
  }
  checkReservations(reservations)
  const topology = {
    policy: flags['topology-manager-policy'],
    scope: flags['topology-manager-scope'],
    options: topologyOptions(flags['topology-manager-policy-options']),
  }
  return { topology, reservations, podsPerCore: flags['pods-per-core'], resourceRules: rules(flags, memory) }
}
