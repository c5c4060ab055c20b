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
  /** Of an ordinary page of memory. */
  readonly pageBytes: number
  /** What processes it may have; 0: not known. */
  readonly maxPids: number
  /** Size in bytes → bytes of all pages of that size. */
  readonly hugepages: ReadonlyMap<number, number>
  readonly cgroupV2: boolean
  readonly swapAccounting: boolean
  /** The kernel enforces AppArmor's profiles. */
  readonly appArmor: boolean
  /** Addresses that others reach the node at; the first is its primary one. */
  readonly addresses: readonly string[]
}

export interface FileSystemState {
  readonly bytes: number
  readonly availableBytes: number
  /** 0: the file system does not count them. */
  readonly inodes: number
  readonly freeInodes: number
}

/** What a machine has left. */
export interface MachineState {
  readonly availableMemoryBytes: number
  /** Where volumes and logs are. */
  readonly nodeFs: FileSystemState
  /** Where images and containers' layers are, if that is another disk. */
  readonly imageFs?: FileSystemState
  /** Processes and threads: how many there may be, and are. Absent: nobody counts them. */
  readonly processes?: { readonly max: number; readonly running: number }
}

export interface Machine {
  info(): Promise<MachineInfo>
  state(): Promise<MachineState>
}
