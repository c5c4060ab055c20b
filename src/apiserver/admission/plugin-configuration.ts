import type { ManifestFolders } from '../dynamic-admission/manifests/manifest-folder.ts'
import type { WebhookCredentials } from '../webhooks/webhook-credentials.ts'
import {
  defaultTolerationSeconds,
  type TolerationSeconds,
} from './default-toleration-seconds/default-toleration-seconds.ts'
import type { EventLimit } from './event-rate-limit/event-rate-limit.ts'
import type { ImagePolicy } from './image-policy-webhook/image-policy-webhook.ts'
import type { NodeSelectors } from './pod-node-selector/pod-node-selector.ts'
import { defaultPodSecurity, type PodSecurityConfiguration } from './pod-security/pod-security.ts'
import {
  noTolerationRestriction,
  type TolerationRestriction,
} from './pod-toleration-restriction/pod-toleration-restriction.ts'
import type { LimitedResource } from './resource-quota/charge.ts'

/** What `--admission-control-config-file`, and flags beside it, say to plugins. */
export interface PluginConfiguration {
  readonly podSecurity: PodSecurityConfiguration
  readonly nodeSelectors: NodeSelectors
  readonly tolerations: TolerationRestriction
  readonly tolerationSeconds: TolerationSeconds
  readonly eventLimits: readonly EventLimit[]
  readonly limitedResources: readonly LimitedResource[]
  /** As whom webhooks are asked; absent: as nobody. */
  readonly mutatingWebhookUsers?: WebhookCredentials | undefined
  readonly validatingWebhookUsers?: WebhookCredentials | undefined
  /** Folders of files that configure webhooks and policies beside the API. */
  readonly manifests: ManifestFolders
  /** Absent: nobody is asked about images. */
  readonly imagePolicy?: ImagePolicy
}

export const defaultPluginConfiguration: PluginConfiguration = {
  podSecurity: defaultPodSecurity,
  nodeSelectors: {},
  tolerations: noTolerationRestriction,
  tolerationSeconds: defaultTolerationSeconds,
  eventLimits: [],
  limitedResources: [],
  manifests: {},
}
