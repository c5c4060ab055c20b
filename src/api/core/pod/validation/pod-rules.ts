import type { Features } from '../../../../apimachinery/feature-gates.ts'
import { fieldPath } from '../../../../apimachinery/field-path.ts'
import type { core } from '../../../generated/types/index.ts'
import { visitContainers } from './all-containers.ts'

/** What pods may say where a gate is on, or where the object already says it (upstream's PodValidationOptions). */
export interface PodRules {
  /** Tolerations may compare numbers (`Lt`, `Gt`). */
  readonly comparesTaints: boolean
  /** Volumes may be labelled by a mount option. */
  readonly mountsSeLinux: boolean
  /** Pods with users of their own may be on the node's network. */
  readonly ownUsersOnHostNetwork: boolean
  /** Pods with users of their own may have block devices, which do not work: only such as have been let in. */
  readonly ownUsersWithDevices: boolean
}

function hasDevices(spec: core.v1.PodSpec): boolean {
  let found = false
  visitContainers(spec, fieldPath('spec'), ({ volumeDevices = [] }) => {
    if (volumeDevices.length > 0) found = true
  })
  return found
}

/** `old`: what the specification was before, if it was. */
export function podRules(features: Features, old: core.v1.PodSpec | undefined): PodRules {
  const comparesAlready = old?.tolerations?.some(({ operator }) => operator === 'Lt' || operator === 'Gt')
  const ownUsers = old?.hostUsers === false
  return {
    comparesTaints: features.enabled('TaintTolerationComparisonOperators') || comparesAlready === true,
    mountsSeLinux:
      features.enabled('SELinuxMount') || old?.securityContext?.seLinuxChangePolicy !== undefined,
    ownUsersOnHostNetwork:
      features.enabled('UserNamespacesHostNetworkSupport') || (ownUsers && old.hostNetwork === true),
    ownUsersWithDevices: ownUsers && hasDevices(old),
  }
}
