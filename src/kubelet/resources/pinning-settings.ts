import { type CpuSet, noCpus } from './cpu/cpu-set.ts'
import type { CpuOptions, CpuPolicy } from './cpu/policy-options.ts'
import type { MemoryPolicy, MemoryReservation } from './memory/reserved-memory.ts'

/** Which containers have processors and memory nodes for themselves. */
export interface PinningSettings {
  readonly cpuPolicy: CpuPolicy
  readonly cpuOptions: CpuOptions
  /** How often it is looked whether containers run where they should. */
  readonly reconcileMs: number
  /** The processors that are reserved; none: as many as are, whichever. */
  readonly reservedCpus: CpuSet
  readonly memoryPolicy: MemoryPolicy
  readonly reservedMemory: readonly MemoryReservation[]
}

/** Upstream's defaults: nobody has. */
export const usualPinning: PinningSettings = {
  ...{ cpuPolicy: 'none', cpuOptions: new Set(), reconcileMs: 10_000, reservedCpus: noCpus },
  ...{ memoryPolicy: 'None', reservedMemory: [] },
}
