import { quantityOfUnits, quantityUnits } from '../../apimachinery/quantity.ts'
import type { ResourceList } from './allocatable/reservations.ts'
import type { MachineInfo } from './machine.ts'

/** `2Mi` for two mebibytes: as the server will show it, so that what it shows is what was said. */
export const binaryQuantity = (bytes: number): string => quantityOfUnits(Math.max(bytes, 0), 'BinarySI')

/** What a machine has that does not change: processors, memory, huge pages. */
export const machineCapacity = ({ cpuCount, memoryBytes, hugepages }: MachineInfo): ResourceList => ({
  cpu: String(cpuCount),
  memory: binaryQuantity(memoryBytes),
  ...Object.fromEntries(
    [...hugepages].map(([size, total]) => [`hugepages-${binaryQuantity(size)}`, binaryQuantity(total)]),
  ),
})

/** Memory that is given out in huge pages is not given out otherwise. */
export function withoutHugepages(list: ResourceList): ResourceList {
  const paged = Object.entries(list)
    .filter(([name]) => name.startsWith('hugepages-'))
    .reduce((sum, [, text]) => sum + quantityUnits(text), 0)
  return paged === 0
    ? list
    : { ...list, memory: binaryQuantity(quantityUnits(list['memory'] ?? '0') - paged) }
}
