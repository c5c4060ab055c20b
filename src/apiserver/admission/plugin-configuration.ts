import type { EventLimit } from './event-rate-limit/event-rate-limit.ts'
import type { NodeSelectors } from './pod-node-selector/pod-node-selector.ts'
import { defaultPodSecurity, type PodSecurityConfiguration } from './pod-security/pod-security.ts'
import {
  noTolerationRestriction,
  type TolerationRestriction,
} from './pod-toleration-restriction/pod-toleration-restriction.ts'

/** What `--admission-control-config-file` says to plugins. */
export interface PluginConfiguration {
  readonly podSecurity: PodSecurityConfiguration
  readonly nodeSelectors: NodeSelectors
  readonly tolerations: TolerationRestriction
  readonly eventLimits: readonly EventLimit[]
}

export const defaultPluginConfiguration: PluginConfiguration = {
  podSecurity: defaultPodSecurity,
  nodeSelectors: {},
  tolerations: noTolerationRestriction,
  eventLimits: [],
}
