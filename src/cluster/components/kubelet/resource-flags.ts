import { topologyPolicies } from '../../../kubelet/resources/topology/merge-hints.ts'
import { topologyScopes, usualTopology } from '../../../kubelet/resources/topology/topology-manager.ts'
import { boolean, duration, int, list, oneOf, pairs, text } from '../flags/flag-types.ts'
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
  'topology-manager-policy': oneOf(
    'How near together what a container is given has to be.',
    topologyPolicies,
    usualTopology.policy,
  ),
  'topology-manager-scope': oneOf('For what together.', topologyScopes, usualTopology.scope),
  'topology-manager-policy-options': amounts('Options of the policy: name=value.'),
  'cpu-cfs-quota': boolean('Hold containers to their limits of processor time.', true),
  'cpu-cfs-quota-period': duration('The time that those limits are of.', 100),
}
