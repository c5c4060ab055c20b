import { quantityUnits } from '../../apimachinery/quantity.ts'
import { kernelPageSize } from '../pod/runtime-config/hugepages.ts'
import type { MachineLimits } from '../pod/runtime-config/resource-rules.ts'
import { capacityLess } from './allocatable/node-allocatable.ts'
import { noReservations } from './allocatable/reservations.ts'
import { machineCapacity } from './capacity.ts'
import type { MachineInfo } from './machine.ts'
import type { NodeTuning } from './node-object.ts'

/** What a machine and an agent's configuration mean for the limits of pods. */
export function machineLimits(info: MachineInfo, tuning: NodeTuning): MachineLimits {
  const { memoryBytes, swapBytes, pageBytes, cgroupV2, swapAccounting } = info
  const { system, kube } = tuning.reservations ?? noReservations
  const forPods = capacityLess(machineCapacity(info), system, kube)
  return {
    ...{ memoryBytes, swapBytes, pageBytes, cgroupV2, swapAccounting },
    podMemoryBytes: quantityUnits(forPods['memory'] ?? '0'),
    hugepageSizes: [...info.hugepages.keys()].map(kernelPageSize),
    rules: tuning.resourceRules ?? {},
  }
}
