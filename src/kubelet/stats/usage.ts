import type { core } from '../../api/generated/types/index.ts'

/** How long something had to wait for a resource (https://docs.kernel.org/accounting/psi.html). */
export interface Pressure {
  readonly totalUs: number
  /** Percent of the last 10, 60 and 300 seconds. */
  readonly avg10: number
  readonly avg60: number
  readonly avg300: number
}

export interface Stall {
  readonly some: Pressure
  readonly full: Pressure
}

export interface MemoryFigures {
  readonly usageBytes: number
  /** Without what the kernel can take back at once. */
  readonly workingSetBytes: number
  readonly rssBytes: number
  readonly cacheBytes?: number
  readonly mappedFileBytes?: number
  readonly activeFileBytes?: number
  readonly inactiveFileBytes?: number
  readonly kernelBytes?: number
  readonly pageFaults: number
  readonly majorPageFaults: number
  readonly maxUsageBytes?: number
  /** How often the limit was met. */
  readonly limitHits?: number
  /** Absent: as much as there is. */
  readonly limitBytes?: number
}

/** What a group of processes has used: a container, a pod, a machine. */
export interface GroupUsage {
  readonly timeMs: number
  readonly cpuNanos: number
  readonly cpuUserNanos?: number
  readonly cpuSystemNanos?: number
  /** As somebody who knows says; else it follows from two looks. */
  readonly nanoCores?: number
  readonly throttling?: {
    readonly periods: number
    readonly throttledPeriods: number
    readonly throttledNanos: number
  }
  readonly memory: MemoryFigures
  readonly swap?: { readonly usageBytes: number; readonly limitBytes?: number }
  readonly processes?: number
  readonly oomKills?: number
  readonly stalls?: { readonly cpu?: Stall; readonly memory?: Stall; readonly io?: Stall }
}

interface Traffic {
  readonly bytes: number
  readonly packets: number
  readonly errors: number
  readonly dropped: number
}

export interface InterfaceUsage {
  readonly name: string
  readonly received: Traffic
  readonly sent: Traffic
}

export interface MachineUsage {
  readonly group: GroupUsage
  readonly bootMs: number
  readonly interfaces: readonly InterfaceUsage[]
  readonly maxProcesses?: number
  /** By their names: `pods`, `kubelet`. */
  readonly system: ReadonlyMap<string, GroupUsage>
}

/** Where figures come from. Undefined: there is no such group (any more). */
export interface UsageReader {
  machine(): Promise<MachineUsage>
  pod(pod: core.v1.Pod): Promise<GroupUsage | undefined>
  /** What came and went through the pod's network. */
  network(pod: core.v1.Pod, containerIds: readonly string[]): Promise<readonly InterfaceUsage[]>
  container(pod: core.v1.Pod, containerId: string): Promise<GroupUsage | undefined>
  /** The path of the group of a pod, or of a container of it. */
  groupName(pod: core.v1.Pod, containerId?: string): string
}
