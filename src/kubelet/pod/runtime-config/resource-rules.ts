export type SwapBehaviour = 'NoSwap' | 'LimitedSwap'

/** The kernel protects what containers request (KEP-2570); version 2 of control groups only. */
export interface MemoryQualitySettings {
  /** Where between request and limit the kernel begins to slow a container down: 0 to 1. */
  readonly throttlingFactor: number
  /** What is requested is kept from being reclaimed. */
  readonly reserves: boolean
}

/** How an agent's configuration holds containers to what they may have; upstream's defaults where absent. */
export interface ResourceRules {
  /** Limits of processor time are enforced. */
  readonly enforcesCpuLimits?: boolean
  readonly cpuPeriodUs?: number
  /** What processes a pod may have. */
  readonly podPids?: number
  /** Only the process that memory ran out for is killed, not its container. */
  readonly killsSingleProcess?: boolean
  readonly swap?: SwapBehaviour
  readonly memoryQuality?: MemoryQualitySettings
}

/** What the machine means for limits. */
export interface MachineLimits {
  readonly memoryBytes: number
  readonly swapBytes: number
  /** What of the memory pods may have together. */
  readonly podMemoryBytes: number
  readonly pageBytes: number
  /** One hierarchy for all controllers. */
  readonly cgroupV2: boolean
  readonly swapAccounting: boolean
  /** Page sizes as the kernel's controller names them: `2MB`, `1GB`. */
  readonly hugepageSizes: readonly string[]
  readonly rules: ResourceRules
}

/** The machine for whom processor time is not limited: those who have processors for themselves. */
export const withoutCpuLimits = (machine: MachineLimits, owns: boolean): MachineLimits =>
  owns ? { ...machine, rules: { ...machine.rules, enforcesCpuLimits: false } } : machine
