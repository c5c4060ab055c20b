import { featureGates } from '../../../api/feature-gates.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import { defined } from '../../../base/defined.ts'
import { messageOf } from '../../../base/message-of.ts'
import {
  checkReservations,
  type NodeReservations,
  parseReserved,
  type ResourceList,
} from '../../../kubelet/node/allocatable/reservations.ts'
import type { NodeTuning } from '../../../kubelet/node/node-object.ts'
import type { ResourceRules } from '../../../kubelet/pod/runtime-config/resource-rules.ts'
import { type CpuSet, parseCpuSet } from '../../../kubelet/resources/cpu/cpu-set.ts'
import { cpuOptions, cpuPolicies } from '../../../kubelet/resources/cpu/policy-options.ts'
import { checkReservedMemory, memoryPolicies } from '../../../kubelet/resources/memory/reserved-memory.ts'
import type { PinningSettings } from '../../../kubelet/resources/pinning-settings.ts'
import { type TopologyPolicy, topologyPolicies } from '../../../kubelet/resources/topology/merge-hints.ts'
import { topologyOptions } from '../../../kubelet/resources/topology/policy-options.ts'
import { type TopologyScope, topologyScopes } from '../../../kubelet/resources/topology/topology-manager.ts'
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

function topologyPolicy(name: string): TopologyPolicy {
  const policy = topologyPolicies.find((each) => each === name)
  if (policy !== undefined) return policy
  throw new Error(
    `invalid configuration: topologyManagerPolicy (--topology-manager-policy) ${goQuote(name)} must be one of: [${topologyPolicies.map(goQuote).join(' ')}]`,
  )
}

function topologyScope(name: string): TopologyScope {
  const scope = topologyScopes.find((each) => each === name)
  if (scope !== undefined) return scope
  throw new Error(
    `invalid configuration: topologyManagerScope (--topology-manager-scope) ${goQuote(name)} must be one of: ${topologyScopes.map(goQuote).join(', or ')}`,
  )
}

function cpusOf(flags: KubeletFlags): CpuSet {
  const text = flags['reserved-cpus']
  if (text !== '' && (flags['system-reserved-cgroup'] !== '' || flags['kube-reserved-cgroup'] !== ''))
    throw new Error(
      "invalid configuration: can't use reservedSystemCPUs (--reserved-cpus) with systemReservedCgroup (--system-reserved-cgroup) or kubeReservedCgroup (--kube-reserved-cgroup)",
    )
  try {
    return parseCpuSet(text)
  } catch (error) {
    throw new Error(
      `invalid configuration: unable to parse reservedSystemCPUs (--reserved-cpus) ${text}, error: ${messageOf(error)}`,
    )
  }
}

function policyOf<T extends string>(name: string, policies: readonly T[]): T {
  const policy = policies.find((each) => each === name)
  if (policy !== undefined) return policy
  // That one is upstream's for Windows.
  throw new Error(
    name === 'BestEffort'
      ? 'policy "BestEffort" is not available for platform "linux"'
      : `unknown policy: ${goQuote(name)}`,
  )
}

function pinningSettings(flags: KubeletFlags): PinningSettings {
  const cpuPolicy = policyOf(flags['cpu-manager-policy'], cpuPolicies)
  const reservedMemory = flags['reserved-memory']
  checkReservedMemory(reservedMemory)
  const features = featureGates(flags['feature-gates'])
  return {
    cpuPolicy,
    cpuOptions: cpuOptions(cpuPolicy, flags['cpu-manager-policy-options'], features),
    reconcileMs: flags['cpu-manager-reconcile-period'],
    reservedCpus: cpusOf(flags),
    memoryPolicy: policyOf(flags['memory-manager-policy'], memoryPolicies),
    reservedMemory,
  }
}

/** Processors that are named take the place of how many are reserved. */
function withNamedCpus(
  system: ResourceList,
  kube: ResourceList,
  { reservedCpus }: PinningSettings,
): Pick<NodeReservations, 'system' | 'kube'> {
  if (reservedCpus.size === 0) return { system, kube }
  const { cpu: _, ...others } = kube
  return { system: { ...system, cpu: String(reservedCpus.size) }, kube: others }
}

/** What the command line and the file say of the machine's resources. Throws an Error in upstream's words. */
export function resourceTuning(
  flags: KubeletFlags,
  memory: MemoryConfig,
): Pick<NodeTuning, 'reservations' | 'podsPerCore' | 'resourceRules' | 'topology' | 'pinning' | 'features'> {
  const pinning = pinningSettings(flags)
  const reservations = {
    ...withNamedCpus(reserved(flags, 'system-reserved'), reserved(flags, 'kube-reserved'), pinning),
    enforced: flags['enforce-node-allocatable'],
    systemGroup: flags['system-reserved-cgroup'],
    kubeGroup: flags['kube-reserved-cgroup'],
  }
  checkReservations(reservations)
  const topology = {
    policy: topologyPolicy(flags['topology-manager-policy']),
    scope: topologyScope(flags['topology-manager-scope']),
    options: topologyOptions(flags['topology-manager-policy-options']),
  }
  const gates = flags['feature-gates']
  return {
    ...defined({ features: gates.size === 0 ? undefined : featureGates(gates) }),
    pinning,
    topology,
    reservations,
    podsPerCore: flags['pods-per-core'],
    resourceRules: rules(flags, memory),
  }
}
