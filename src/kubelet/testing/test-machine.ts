import type { MachineLimits } from '../pod/runtime-config/resource-rules.ts'

/** A machine of version 1 without swap or huge pages. */
export const testMachine: MachineLimits = {
  ...{ memoryBytes: 8 * 1024 ** 3, podMemoryBytes: 8 * 1024 ** 3, swapBytes: 0, pageBytes: 4096 },
  ...{ cgroupV2: false, swapAccounting: false, hugepageSizes: [], rules: {} },
}
