import type { core } from '../../api/generated/types/index.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { AllocationManager } from '../allocation/allocation-manager.ts'
import type { ReferencedObjects } from '../environment/environment.ts'
import type { FilesUsage } from '../eviction/pod-usage.ts'
import type { ImageManager } from '../images/image-manager.ts'
import type { PodMetrics } from '../metrics/pod-metrics.ts'
import type { ProbeManager } from '../probes/probe-manager.ts'
import type { ResourceManagers } from '../resources/resource-managers.ts'
import type { ContainerStatus, ImageSpec, Mount, RuntimeStatus } from '../runtime/messages.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { BackOffLimits } from './back-off.ts'
import type { CgroupLimits } from './runtime-config/pod-cgroup.ts'
import type { ClusterDns, PodHostname } from './runtime-config/pod-network-identity.ts'
import type { MachineLimits } from './runtime-config/resource-rules.ts'
import type { SecuritySettings } from './runtime-config/security-context.ts'
import type { UserNamespaces } from './runtime-config/user-namespaces.ts'
import type { StatusWriter } from './status/status-writer.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container

/** Writes Events; `fieldPath` names a part of the object: `spec.containers{web}`. */
export interface EventSink {
  event(
    object: KubernetesObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    fieldPath?: string,
  ): void
}

export interface MountRequest {
  readonly pod: Pod
  readonly container: Container
  readonly environment: ReadonlyMap<string, string>
  readonly identity: PodHostname
  readonly podIps: readonly string[]
  /** By volume: what the pod's image volumes show. */
  readonly imageVolumes: ReadonlyMap<string, ImageSpec>
  /** The pod's runtime makes what is mounted below a read-only mount read-only, too. */
  readonly canMountRecursivelyReadOnly: boolean
}

/** What of pods lives in the node's file system. Everything is idempotent; messages of errors are shown to users. */
export interface PodFiles {
  /** Brings all volumes of the pod in place. */
  mountVolumes(pod: Pod): Promise<void>
  /** Writes anew what shows objects or the pod itself, where it is mounted and has changed. */
  refreshVolumes(pod: Pod): Promise<void>
  /** The mounts of one container: its volumes, hosts file and termination log. */
  containerMounts(request: MountRequest): Promise<readonly Mount[]>
  /** One variable of an environment file in a volume of the pod. */
  fileVariable(pod: Pod, reference: core.v1.FileKeySelector): Promise<string | undefined>
  /** What an ended container left: its termination log, or the end of its log where its policy says so. */
  terminationMessage(status: ContainerStatus): Promise<string>
  logDirectory(pod: Pod): string
  /** Makes the place of a container's logs; how many of its logs there are already. */
  prepareLogs(pod: Pod, containerName: string): Promise<number>
  removeLog(logPath: string): Promise<void>
  unmountVolumes(podUid: string): Promise<void>
  /** Everything else of the pod: directories and logs. */
  removePod(podUid: string): Promise<void>
  /** The uids of pods that something lies there of. */
  found(): Promise<readonly string[]>
  /** Where an archive of that name goes that a container's state is written to. */
  checkpointPath(archive: string): Promise<string>
  /** What its logs and its volumes take of the node's disk. */
  usage(pod: Pod): Promise<FilesUsage>
}

/** The groups that the kernel accounts pods under. */
export interface PodCgroups {
  /** What the group of all pods is called; '' where there are no groups. */
  readonly rootName: string
  /** Makes the groups of all pods and of each class of service; all pods together are held to these limits. */
  start(limits: Partial<CgroupLimits>): Promise<void>
  /** Holds a group that somebody else made to limits; rejects where it is not there. */
  hold(name: string, limits: Partial<CgroupLimits>): Promise<void>
  /** What the runtime puts the pod's containers under; '' where there are no groups. */
  parent(pod: Pod): string
  ensure(pod: Pod): Promise<void>
  /** What the kernel holds a pod's group to, as far as that is limited; undefined where there is none. */
  limits(podUid: string): CgroupLimits | undefined
  /** Changes what is named of it; the pod as it was granted now. */
  resize(pod: Pod, limits: Partial<CgroupLimits>): Promise<void>
  remove(podUid: string): Promise<void>
  /** The uids of pods that have a group. */
  found(): Promise<readonly string[]>
}

export interface HttpRequest {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  /** With query. */
  readonly path: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}

/** Requests into pods, for probes and lifecycle hooks. They reject with an Error whose message says what happened. */
export interface PodNetwork {
  httpGet(
    request: HttpRequest,
    timeoutMs: number,
  ): Promise<{ readonly status: number; readonly body: string; readonly location?: string }>
  tcpConnect(host: string, port: number, timeoutMs: number): Promise<void>
  /** The serving status of `grpc.health.v1.Health/Check`: `SERVING` is well. */
  grpcHealth(host: string, port: number, service: string, timeoutMs: number): Promise<string>
}

/** What the node is at the moment. */
export interface NodeFacts {
  readonly nodeName: string
  readonly nodeIps: readonly string[]
  readonly allocatable: Readonly<Record<string, string>>
  readonly machine: MachineLimits
  readonly security: SecuritySettings
  readonly dns: ClusterDns
  /** What the runtime last said of itself. */
  readonly runtime: RuntimeStatus
}

/** Everything that the workers of one node share. */
export interface PodContext {
  readonly host: Host
  readonly logger: Logger
  readonly events: EventSink
  readonly runtime: Runtime
  /** What container ids are prefixed with. */
  readonly runtimeName: string
  readonly files: PodFiles
  readonly cgroups: PodCgroups
  readonly network: PodNetwork
  readonly objects: ReferencedObjects
  readonly images: ImageManager
  readonly probes: ProbeManager
  readonly statuses: StatusWriter
  readonly allocations: AllocationManager
  readonly managers: ResourceManagers
  readonly userNamespaces: UserNamespaces
  readonly facts: () => NodeFacts
  /** Variables for Services that a pod of this namespace gets, once they are known; a static one has those that are. */
  readonly serviceVariables: (
    namespace: string,
    enableServiceLinks: boolean,
    isStatic: boolean,
  ) => Promise<ReadonlyMap<string, string>>
  /** Why pods with a network of their own cannot start now; undefined when they can. */
  readonly networkError: () => string | undefined
  /** The runtime handler of a RuntimeClass; rejects when there is no such class. */
  readonly runtimeHandler: (className: string) => Promise<string>
  readonly agentStartMs: number
  /** Where it is counted what workers do; nowhere when absent. */
  readonly metrics?: PodMetrics | undefined
  /** How long a container that fails again and again waits; upstream's default when absent. */
  readonly crashLoop?: BackOffLimits | undefined
}
