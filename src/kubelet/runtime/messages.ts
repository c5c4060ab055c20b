/**
 * The messages of the Container Runtime Interface v1 that the node agent uses, under their protobuf names in
 * camel case, so that a runtime behind gRPC takes and gives them as they are. In what comes from a runtime
 * scalars are always present (zero values) and messages may be absent. Times are nanoseconds since the Unix
 * epoch, as numbers: exact to a quarter of a microsecond.
 */
export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE' | 'TARGET'
export type MountPropagation =
  | 'PROPAGATION_PRIVATE'
  | 'PROPAGATION_HOST_TO_CONTAINER'
  | 'PROPAGATION_BIDIRECTIONAL'
export type SandboxState = 'SANDBOX_READY' | 'SANDBOX_NOTREADY'
export type ContainerState =
  | 'CONTAINER_CREATED'
  | 'CONTAINER_RUNNING'
  | 'CONTAINER_EXITED'
  | 'CONTAINER_UNKNOWN'
export type StringRecord = Readonly<Record<string, string>>

export interface DnsConfig {
  readonly servers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly string[]
}

export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
  readonly containerPort: number
  readonly hostPort: number
  readonly hostIp: string
}

export interface Int64Value {
  readonly value: number
}

export interface IdMapping {
  readonly hostId: number
  readonly containerId: number
  readonly length: number
}

/** The mode POD maps; NODE is the node's own namespace. */
export interface UserNamespace {
  readonly mode: 'POD' | 'NODE'
  readonly uids?: readonly IdMapping[]
  readonly gids?: readonly IdMapping[]
}

export interface NamespaceOption {
  readonly network: NamespaceMode
  readonly pid: NamespaceMode
  readonly ipc: NamespaceMode
  readonly targetId?: string
  readonly usernsOptions?: UserNamespace
}

export interface SecurityProfile {
  readonly profileType: 'RuntimeDefault' | 'Unconfined' | 'Localhost'
  readonly localhostRef?: string
}

export interface SelinuxOption {
  readonly user: string
  readonly role: string
  readonly type: string
  readonly level: string
}

export interface SandboxSecurityContext {
  readonly namespaceOptions?: NamespaceOption
  readonly selinuxOptions?: SelinuxOption
  readonly runAsUser?: Int64Value
  readonly runAsGroup?: Int64Value
  readonly readonlyRootfs?: boolean
  readonly supplementalGroups?: readonly number[]
  readonly supplementalGroupsPolicy?: 'Merge' | 'Strict'
  readonly privileged?: boolean
  readonly seccomp?: SecurityProfile
}

export interface SandboxMetadata {
  readonly name: string
  readonly uid: string
  readonly namespace: string
  readonly attempt: number
}

export interface SandboxConfig {
  readonly metadata: SandboxMetadata
  readonly hostname: string
  readonly logDirectory: string
  readonly dnsConfig?: DnsConfig
  readonly portMappings: readonly PortMapping[]
  readonly labels: StringRecord
  readonly annotations: StringRecord
  readonly linux: {
    readonly cgroupParent: string
    readonly securityContext: SandboxSecurityContext
    readonly sysctls: StringRecord
    readonly overhead?: ContainerResources
    readonly resources?: ContainerResources
  }
}

export interface PodSandbox {
  readonly id: string
  readonly metadata: SandboxMetadata
  readonly state: SandboxState
  readonly createdAt: number
  readonly labels: StringRecord
  readonly annotations: StringRecord
}

export interface SandboxStatus extends PodSandbox {
  readonly network?: { readonly ip: string; readonly additionalIps: readonly { readonly ip: string }[] }
  readonly linux?: { readonly namespaces?: { readonly options?: NamespaceOption } }
}

/** Absent fields keep what the runtime has. */
export interface ContainerResources {
  readonly cpuPeriod?: number
  readonly cpuQuota?: number
  readonly cpuShares?: number
  readonly memoryLimitInBytes?: number
  readonly oomScoreAdj?: number
  readonly cpusetCpus?: string
  readonly cpusetMems?: string
  readonly unified?: StringRecord
  readonly memorySwapLimitInBytes?: number
  readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: number }[]
}

export interface ImageSpec {
  readonly image: string
  readonly annotations?: StringRecord
  readonly userSpecifiedImage?: string
  /** For whose pods it is asked for: CRI's `runtime_handler`. */
  readonly runtimeHandler?: string
}

export interface Mount {
  readonly containerPath: string
  readonly hostPath: string
  readonly readonly: boolean
  readonly propagation: MountPropagation
  readonly recursiveReadOnly?: boolean
  /** The files of an image, in place of `hostPath`. */
  readonly image?: ImageSpec
  readonly imageSubPath?: string
  readonly uidMappings?: readonly IdMapping[]
  readonly gidMappings?: readonly IdMapping[]
}

export interface ContainerSecurityContext {
  readonly capabilities?: {
    readonly addCapabilities: readonly string[]
    readonly dropCapabilities: readonly string[]
  }
  readonly privileged: boolean
  readonly namespaceOptions: NamespaceOption
  readonly selinuxOptions?: SelinuxOption
  readonly runAsUser?: Int64Value
  readonly runAsGroup?: Int64Value
  readonly runAsUsername?: string
  readonly readonlyRootfs: boolean
  readonly supplementalGroups: readonly number[]
  readonly supplementalGroupsPolicy?: 'Merge' | 'Strict'
  readonly noNewPrivs: boolean
  readonly maskedPaths: readonly string[]
  readonly readonlyPaths: readonly string[]
  readonly seccomp?: SecurityProfile
  readonly apparmor?: SecurityProfile
}

export interface DeviceMapping {
  readonly containerPath: string
  readonly hostPath: string
  /** Of `r`, `w` and `m`: read, write, make nodes. */
  readonly permissions: string
}

export interface ContainerConfig {
  readonly metadata: { readonly name: string; readonly attempt: number }
  readonly image: ImageSpec
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly workingDir: string
  readonly envs: readonly { readonly key: string; readonly value: Uint8Array }[]
  readonly mounts: readonly Mount[]
  readonly devices?: readonly DeviceMapping[]
  readonly CDIDevices?: readonly { readonly name: string }[]
  readonly labels: StringRecord
  readonly annotations: StringRecord
  /** Relative to the sandbox's log directory. */
  readonly logPath: string
  readonly stdin: boolean
  readonly stdinOnce: boolean
  readonly tty: boolean
  /** CRI's name of it (`SIGUSR1`, `SIGRTMINPLUS3`); the image's or SIGTERM when absent. */
  readonly stopSignal?: string
  readonly linux: {
    readonly resources: ContainerResources
    readonly securityContext: ContainerSecurityContext
  }
}

export interface Container {
  readonly id: string
  readonly podSandboxId: string
  readonly metadata: { readonly name: string; readonly attempt: number }
  readonly image?: ImageSpec
  readonly imageRef: string
  readonly state: ContainerState
  readonly createdAt: number
  readonly labels: StringRecord
  readonly annotations: StringRecord
}

export interface ContainerStatus {
  readonly id: string
  readonly metadata: { readonly name: string; readonly attempt: number }
  readonly state: ContainerState
  readonly createdAt: number
  readonly startedAt: number
  readonly finishedAt: number
  readonly exitCode: number
  readonly image?: ImageSpec
  readonly imageRef: string
  /** Absent before containerd 1.7; imageRef then. */
  readonly imageId?: string
  readonly reason: string
  readonly message: string
  readonly labels: StringRecord
  readonly annotations: StringRecord
  readonly mounts: readonly Mount[]
  /** Absolute. */
  readonly logPath: string
  readonly resources?: { readonly linux?: ContainerResources }
  /** Absent, or RUNTIME_DEFAULT, where the runtime does not say. */
  readonly stopSignal?: string
  readonly user?: {
    readonly linux?: {
      readonly uid: number
      readonly gid: number
      readonly supplementalGroups: readonly number[]
    }
  }
}

export interface Image {
  readonly id: string
  readonly repoTags: readonly string[]
  readonly repoDigests: readonly string[]
  readonly size: number
  readonly uid?: Int64Value
  readonly username: string
  readonly pinned?: boolean
}

export interface AuthConfig {
  readonly username?: string
  readonly password?: string
  readonly auth?: string
  readonly serverAddress?: string
  readonly identityToken?: string
  readonly registryToken?: string
}

export interface FilesystemUsage {
  readonly timestamp: number
  readonly fsId?: { readonly mountpoint: string }
  readonly usedBytes?: Int64Value
  readonly inodesUsed?: Int64Value
}

export interface CpuUsage {
  readonly timestamp: number
  readonly usageCoreNanoSeconds?: Int64Value
  readonly usageNanoCores?: Int64Value
}

export interface MemoryUsage {
  readonly timestamp: number
  readonly workingSetBytes?: Int64Value
  readonly availableBytes?: Int64Value
  readonly usageBytes?: Int64Value
  readonly rssBytes?: Int64Value
  readonly pageFaults?: Int64Value
  readonly majorPageFaults?: Int64Value
}

export interface ContainerStats {
  readonly attributes?: {
    readonly id: string
    readonly metadata?: { readonly name: string; readonly attempt: number }
    readonly labels: StringRecord
    readonly annotations: StringRecord
  }
  readonly cpu?: CpuUsage
  readonly memory?: MemoryUsage
  readonly writableLayer?: FilesystemUsage
}

export interface RuntimeVersion {
  readonly version: string
  readonly runtimeName: string
  readonly runtimeVersion: string
  readonly runtimeApiVersion: string
}

/** What one of a runtime's handlers can do; '' names the one that is used without a RuntimeClass. */
export interface RuntimeHandler {
  readonly name: string
  readonly features?: {
    readonly recursiveReadOnlyMounts: boolean
    readonly userNamespaces: boolean
  }
}

export interface RuntimeStatus {
  readonly conditions: readonly RuntimeCondition[]
  /** Empty for runtimes that announce none (containerd before 2.0). */
  readonly handlers: readonly RuntimeHandler[]
  readonly features?: { readonly supplementalGroupsPolicy: boolean }
}

export interface RuntimeCondition {
  readonly type: string
  readonly status: boolean
  readonly reason: string
  readonly message: string
}

export interface SandboxFilter {
  readonly id?: string
  readonly state?: { readonly state: SandboxState }
  readonly labelSelector?: StringRecord
}

export interface ContainerFilter {
  readonly id?: string
  readonly state?: { readonly state: ContainerState }
  readonly podSandboxId?: string
  readonly labelSelector?: StringRecord
}
