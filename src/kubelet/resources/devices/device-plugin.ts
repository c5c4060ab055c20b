/** One device of a plugin. */
export interface Device {
  readonly id: string
  readonly healthy: boolean
  /** NUMA nodes that it is near; none: it does not matter. */
  readonly nodes: readonly number[]
}

export interface DevicePluginOptions {
  readonly preStartRequired: boolean
  readonly getPreferredAllocationAvailable: boolean
}

/** What a container needs to use its devices, under the names of the protocol. */
export interface DeviceAllocation {
  readonly envs: Readonly<Record<string, string>>
  readonly mounts: readonly {
    readonly containerPath: string
    readonly hostPath: string
    readonly readOnly: boolean
  }[]
  readonly devices: readonly {
    readonly containerPath: string
    readonly hostPath: string
    readonly permissions: string
  }[]
  readonly annotations: Readonly<Record<string, string>>
  readonly cdiDevices: readonly { readonly name: string }[]
}

/** Calls to one plugin (deviceplugin v1beta1). Rejects with what the plugin said, or that it cannot be reached. */
export interface DevicePlugin {
  /** Undefined where the answer has no container. */
  allocate(deviceIds: readonly string[]): Promise<DeviceAllocation | undefined>
  preferred(
    available: readonly string[],
    mustInclude: readonly string[],
    size: number,
  ): Promise<readonly string[]>
  preStart(deviceIds: readonly string[]): Promise<void>
}

/** Bytes of an allocation, as plugins send it. */
export interface AllocationCodec {
  encode(allocation: DeviceAllocation): Uint8Array
  decode(bytes: Uint8Array): DeviceAllocation
}
