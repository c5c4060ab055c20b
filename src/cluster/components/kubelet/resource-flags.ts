import { cpuPolicies } from '../../../kubelet/resources/cpu/policy-options.ts'
import {
  type MemoryReservation,
  memoryPolicies,
  parseReservedMemory,
} from '../../../kubelet/resources/memory/reserved-memory.ts'
import { usualPinning } from '../../../kubelet/resources/pinning-settings.ts'
import { topologyPolicies } from '../../../kubelet/resources/topology/merge-hints.ts'
import { topologyScopes, usualTopology } from '../../../kubelet/resources/topology/topology-manager.ts'
import { boolean, duration, type Flag, int, list, pairs, text } from '../flags/flag-types.ts'
import { parsePairs } from './node-texts.ts'

const amounts = (usage: string) => pairs(usage, (value) => parsePairs(value, '='))

/** What pods may have of the machine, and how they are held to it. */
export const resourceFlags = {
  'kube-reserved': amounts(
    'Kept for Kubernetes’ own agents: cpu=200m,memory=500Mi,ephemeral-storage=1Gi,pid=1000.',
  ),
  'system-reserved': amounts('Kept for the operating system, likewise.'),
  'kube-reserved-cgroup': text('The group of the agents.'),
  'system-reserved-cgroup': text('The group of the system.'),
  'enforce-node-allocatable': list(
    'What is held to its part: pods, system-reserved, kube-reserved, either with -compressible, or none.',
    ['pods'],
  ),
  'pods-per-core': int('How many pods for each processor the node takes; 0: as many as it takes.', 0, {
    min: 0,
  }),
  'pod-max-pids': int('How many processes a pod may have; -1: as many as all pods together.', -1),
  'topology-manager-policy': text(
    `How near together what a container is given has to be. One of: ${topologyPolicies.join(', ')}.`,
    usualTopology.policy,
  ),
  'topology-manager-scope': text(
    `For what together. One of: ${topologyScopes.join(', ')}.`,
    usualTopology.scope,
  ),
  'topology-manager-policy-options': amounts('Options of the policy: name=value.'),
  'cpu-manager-policy': text(
    `Which containers have processors for themselves. One of: ${cpuPolicies.join(', ')}.`,
    usualPinning.cpuPolicy,
  ),
  'cpu-manager-policy-options': amounts('Options of the policy: name=value.'),
  'cpu-manager-reconcile-period': duration(
    'How often it is looked whether containers run on the processors that they may.',
    usualPinning.reconcileMs,
  ),
  'memory-manager-policy': text(
    `Which containers have memory of certain NUMA nodes. One of: ${memoryPolicies.join(', ')}.`,
    usualPinning.memoryPolicy,
  ),
  'reserved-memory': {
    type: 'reserved-memory',
    usage: 'Memory of NUMA nodes that is not for pods: 0:memory=1Gi,hugepages-2Mi=2Gi;1:memory=2Gi.',
    fallback: [],
    parse: (value, before = []) => [...before, ...parseReservedMemory(value)],
    text: (value) =>
      value
        .map(({ numaNode, limits }) => {
          const amounts = Object.entries(limits).map((pair) => pair.join('='))
          return `${numaNode}:${amounts.join(',')}`
        })
        .join(';'),
  } satisfies Flag<readonly MemoryReservation[]> as Flag<readonly MemoryReservation[]>,
  'reserved-cpus': text(
    'Processors that are kept for the system and the agents: 0-1,4. What is reserved of processors is as many then.',
  ),
  'cpu-cfs-quota': boolean('Hold containers to their limits of processor time.', true),
  'cpu-cfs-quota-period': duration('The time that those limits are of.', 100),
}
