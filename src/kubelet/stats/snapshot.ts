import type { core } from '../../api/generated/types/index.ts'
import type { FilesUsage, FsUsage } from '../eviction/pod-usage.ts'
import type { MachineInfo, MachineState } from '../node/machine.ts'
import type { GroupUsage, InterfaceUsage, MachineUsage } from './usage.ts'

/** A group with how much of a core it uses, once that is known. */
export interface Measured {
  readonly usage: GroupUsage
  readonly nanoCores?: number
}

export interface ContainerSnapshot extends Measured {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly startedMs: number
  /** The path of its group. */
  readonly groupName: string
  /** Its own layer. */
  readonly rootfs?: FsUsage
}

export interface PodSnapshot {
  readonly pod: core.v1.Pod
  /** When its sandbox was made. */
  readonly startedMs: number
  readonly groupName: string
  readonly group?: Measured
  readonly interfaces: readonly InterfaceUsage[]
  readonly containers: readonly ContainerSnapshot[]
  readonly files?: FilesUsage
}

/** A node and all that runs on it at one moment. */
export interface NodeSnapshot {
  readonly timeMs: number
  readonly nodeName: string
  readonly info: MachineInfo
  readonly machine: MachineUsage
  readonly nanoCores?: number
  readonly system: ReadonlyMap<string, Measured>
  readonly pods: readonly PodSnapshot[]
  readonly state: MachineState
  /** What images take, where it was asked for. */
  readonly images?: FsUsage
}
