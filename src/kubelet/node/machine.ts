/** What a machine is; fixed while the agent runs. */
export interface MachineInfo {
  readonly hostname: string
  readonly machineId: string
  readonly systemUuid: string
  readonly bootId: string
  readonly kernelVersion: string
  /** As in /etc/os-release: `Debian GNU/Linux 12 (bookworm)`. */
  readonly osImage: string
  /** Under Go's names: `linux`, `amd64`. */
  readonly operatingSystem: string
  readonly architecture: string
  readonly cpuCount: number
  readonly memoryBytes: number
  readonly swapBytes: number
  /** Size in bytes → bytes of all pages of that size. */
  readonly hugepages: ReadonlyMap<number, number>
  readonly cgroupV2: boolean
  readonly swapAccounting: boolean
  /** Addresses that others reach the node at; the first is its primary one. */
  readonly addresses: readonly string[]
}

/** What a machine has left. */
export interface MachineState {
  readonly availableMemoryBytes: number
  readonly diskBytes: number
  readonly availableDiskBytes: number
  readonly inodes: number
  readonly freeInodes: number
  readonly maxProcesses: number
  readonly runningProcesses: number
}

export interface Machine {
  info(): Promise<MachineInfo>
  state(): Promise<MachineState>
}
