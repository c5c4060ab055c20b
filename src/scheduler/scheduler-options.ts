import type { Features } from '../apimachinery/feature-gates.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Client } from '../client/client.ts'
import type { AnyKind, InformerFactory } from '../client/informer.ts'
import type { SeriesRecorder } from '../client/series-recorder.ts'
import type { WriteLimits } from './attempt/failure-writer.ts'
import { defaultProfile } from './default-profile.ts'
import type { ExtenderCall } from './extender/extender.ts'
import type { ExtenderSettings } from './extender/extender-settings.ts'
import type { PluginContext } from './framework.ts'
import type { Profile } from './profile.ts'

/** One scheduler of several in this one. */
export interface ProfileSource {
  readonly schedulerName: string
  readonly make: (context: PluginContext) => Profile
}

/** What a KubeSchedulerConfiguration says beside its profiles; upstream's defaults where absent. */
export interface SchedulerSettings {
  /** How many nodes are enough, in percent; 0 (the default) adapts to the cluster's size. */
  readonly percentageOfNodesToScore?: number
  /** Of the first back-off: 1. */
  readonly podInitialBackoffSeconds?: number
  /** Of the longest: 10. */
  readonly podMaxBackoffSeconds?: number
  readonly extenders?: readonly ExtenderSettings[]
}

export interface SchedulerOptions extends SchedulerSettings {
  readonly client: Client
  readonly informers: InformerFactory
  readonly events: Pick<SeriesRecorder, 'report'>
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  /** How fast pods are told that they fit nowhere; absent: as upstream's client does by default. */
  readonly statusLimits?: WriteLimits
  /** Absent: the default plugins as `default-scheduler`. */
  readonly profiles?: readonly ProfileSource[]
  /** How extenders are asked; needed where there are any. */
  readonly callExtender?: ExtenderCall
  /** Absent: as the release has them. */
  readonly features?: Features
  /** Whether there is such an API, where a gate alone does not say so; absent: there is. */
  readonly serves?: (kind: AnyKind) => boolean
  /** A pod for which nothing has changed is tried again after it; five minutes where absent. */
  readonly maxUnschedulableMs?: number
}

export const defaultProfiles: readonly ProfileSource[] = [
  { schedulerName: 'default-scheduler', make: defaultProfile },
]
