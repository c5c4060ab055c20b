import type { core } from '../api/generated/types/index.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Client } from '../client/client.ts'
import type { Informer } from '../client/informer.ts'
import type { KernelLog } from './eviction/watch-oom-kills.ts'
import type { NodeCredentials } from './images/image-manager.ts'
import type { RecordStore } from './images/pull-records.ts'
import type { LogReader } from './logs/log-options.ts'
import type { Machine } from './node/machine.ts'
import type { NodeSettings } from './node/node-object.ts'
import type { ProbeKind } from './pod/plan/plan.ts'
import type { PodCgroups, PodFiles, PodNetwork } from './pod/pod-context.ts'
import type { PodTuning } from './pod/pod-tuning.ts'
import type { ClusterDns } from './pod/runtime-config/pod-network-identity.ts'
import type { PodCertificates } from './pod-certificates/pod-certificates.ts'
import type { ProbeOutcome } from './probes/run-probe.ts'
import type { ResourceManagers } from './resources/resource-managers.ts'
import type { Runtime } from './runtime/runtime.ts'
import type { ShutdownManagerOptions } from './shutdown/shutdown-manager.ts'
import type { Feed } from './sources/feed.ts'
import type { WatchedObjects } from './sources/referenced-objects.ts'
import type { StateStore } from './state/state-store.ts'
import type { ManifestSource } from './static/pod-feed.ts'
import type { UsageReader } from './stats/usage.ts'

type Node = core.v1.Node
type Pod = core.v1.Pod

export interface KubeletSettings extends NodeSettings, PodTuning {
  readonly dns: ClusterDns
  /** Where seccomp profiles of type Localhost live. */
  readonly seccompRoot: string
  /** One image pull at a time, as upstream's default. */
  readonly serialPulls: boolean
  /** Images that are never removed for want of disk. */
  readonly keptImages: readonly string[]
}

/** When pods end before the machine does. */
export type ShutdownSettings = Pick<ShutdownManagerOptions, 'periods' | 'signal'>

export interface KubeletOptions {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
  /** Where the agent shows what it does; nowhere when absent. */
  readonly metrics?: Metrics
  /** When the machine was switched on, in milliseconds since the epoch; absent: how long its start took is not shown. */
  readonly bootMs?: number
  readonly settings: KubeletSettings
  readonly runtime: Runtime
  readonly machine: Machine
  readonly files: PodFiles
  readonly cgroups: PodCgroups
  /** Where it is kept what resized pods were granted; as long as the agent lives when absent. */
  readonly grants?: StateStore
  /** Where it is kept with what images were pulled; as long as the agent lives when absent. */
  readonly pullRecords?: RecordStore
  /** What the node itself logs in to an image's registry with. */
  readonly nodeCredentials?: NodeCredentials
  /** What single containers are given of the machine; nothing when absent. */
  readonly managers?: ResourceManagers
  readonly network: PodNetwork
  readonly logs: LogReader
  /** Where the figures of its statistics come from. */
  readonly usage: UsageReader
  /** The pods that are bound to this node. */
  readonly pods: Feed<Pod>
  /** Pods that the node has from elsewhere, and runs without an API server, too. */
  readonly manifests?: readonly ManifestSource[]
  readonly kernelLog?: KernelLog
  /** Absent: its pods are not ended before the machine is switched off. */
  readonly shutdown?: ShutdownSettings
  /** This node alone. */
  readonly nodes: Feed<Node>
  readonly services: Informer<core.v1.Service>
  readonly objects: WatchedObjects
  /** Gets what pods' volumes show of certificates, where there are real volumes. */
  readonly certificates?: PodCertificates
  readonly simulateProbe?: (kind: ProbeKind, containerId: string) => ProbeOutcome | undefined
}
