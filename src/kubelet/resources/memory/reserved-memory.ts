import { isHugePages } from '../../../api/core/resource-names.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  quantityUnits,
} from '../../../apimachinery/quantity.ts'
import type { ResourceList } from '../../node/allocatable/reservations.ts'
import type { MachineMemory, MemoryTable } from './memory-state.ts'

export const memoryPolicies = ['None', 'Static'] as const
export type MemoryPolicy = (typeof memoryPolicies)[number]

/** What of a NUMA node's memory is not for pods: `reservedMemory`. */
export interface MemoryReservation {
  readonly numaNode: number
  readonly limits: ResourceList
}

/** What a NUMA node has. */
export interface NumaMemory {
  readonly bytes: number
  /** Bytes of huge pages, by `hugepages-2Mi`. */
  readonly hugepages: ReadonlyMap<string, number>
}

const isMemory = (type: string): boolean => type === 'memory' || isHugePages(type)

/** `0:memory=1Gi,hugepages-2Mi=2Gi;1:memory=2Gi`. Throws an Error in upstream's words. */
export function parseReservedMemory(text: string): readonly MemoryReservation[] {
  const format = 'expected numaNodeID:type=quantity[,type=quantity...], got'
  return text.split(';').map((part) => {
    const [node = '', amounts, ...more] = part.split(':')
    if (amounts === undefined || more.length > 0)
      throw new Error(`the reserved memory has incorrect format, ${format} ${part}`)
    if (!/^[+-]?\d+$/.test(node))
      throw new Error(`failed to convert the NUMA node ID, expected integer, got ${node}`)
    const limits = amounts.split(',').map((amount) => {
      const [type = '', quantity, ...rest] = amount.split('=')
      if (quantity === undefined || rest.length > 0)
        throw new Error(`the reserved limit has incorrect value, expected type=quantity, got ${amount}`)
      if (!isMemory(type)) throw new Error(`memory type conversion error, unknown type: ${goQuote(type)}`)
      if ('error' in parseQuantity(quantity)) throw new Error(`failed to parse the quantity: ${quantity}`)
      return [type, quantity] as const
    })
    return { numaNode: Number(node), limits: Object.fromEntries(limits) }
  })
}

/** Throws an Error for what upstream refuses (pkg/kubelet/apis/config/validation). */
export function checkReservedMemory(reservations: readonly MemoryReservation[]): void {
  const seen = new Set<string>()
  for (const { numaNode, limits } of reservations)
    for (const [type, amount] of Object.entries(limits)) {
      const place = `NUMA node ${numaNode} and resource ${goQuote(type)}`
      if (!isMemory(type))
        throw new Error(
          `invalid configuration: the limit type ${goQuote(type)} for NUMA node ${numaNode} is not supported, only [memory hugepages-<HugePageSize>] is accepted`,
        )
      if (compareQuantities(amount, '0') === 0)
        throw new Error(`invalid configuration: reserved memory may not be zero for ${place}`)
      if (seen.has(`${numaNode}/${type}`))
        throw new Error(`invalid configuration: the reserved memory has a duplicate value for ${place}`)
      seen.add(`${numaNode}/${type}`)
    }
}

/**
 * Throws an Error in upstream's words where they are not for this machine, or are not what the node keeps from pods:
 * for the system, the agents and hard eviction together.
 */
export function checkAgainstMachine(
  reservations: readonly MemoryReservation[],
  nodes: ReadonlyMap<number, NumaMemory>,
  kept: ResourceList,
): void {
  const totals = new Map<string, string>()
  for (const { numaNode, limits } of reservations) {
    if (!nodes.has(numaNode))
      throw new Error(
        `the reserved memory configuration references a NUMA node ${numaNode} that does not exist on this machine`,
      )
    for (const [type, amount] of Object.entries(limits))
      totals.set(type, addQuantities(amount, totals.get(type) ?? '0'))
  }
  for (const type of new Set([...totals.keys(), ...Object.keys(kept).filter(isMemory)])) {
    const total = addQuantities('0', totals.get(type) ?? '0')
    const wanted = addQuantities('0', kept[type] ?? '0')
    if (compareQuantities(total, wanted) !== 0)
      throw new Error(
        `the total amount ${goQuote(total)} of type ${goQuote(type)} is not equal to the value ${goQuote(wanted)} determined by Node Allocatable feature`,
      )
  }
  if ((totals.get('memory') ?? '0') === '0')
    throw new Error('[memorymanager] you should specify the system reserved memory')
}

/** The memory of the machine when nobody has any of it. */
export function freeMemory(
  nodes: ReadonlyMap<number, NumaMemory>,
  reservations: readonly MemoryReservation[],
): MachineMemory {
  return new Map(
    [...nodes].map(([id, { bytes, hugepages }]) => {
      const paged = [...hugepages.values()].reduce((sum, size) => sum + size, 0)
      const table = (type: string, total: number, elsewhere: number): readonly [string, MemoryTable] => {
        // The last one counts, as upstream; more than one of a kind is refused before.
        const own = reservations.findLast(
          ({ numaNode, limits }) => numaNode === id && limits[type] !== undefined,
        )
        const systemReserved = quantityUnits(own?.limits[type] ?? '0')
        const allocatable = total - systemReserved - elsewhere
        return [type, { total, systemReserved, allocatable, reserved: 0, free: allocatable }]
      }
      const tables = [...hugepages].map(([type, total]) => table(type, total, 0))
      const memoryMap = new Map([...tables, table('memory', bytes, paged)])
      return [id, { numberOfAssignments: 0, memoryMap, cells: [id] }]
    }),
  )
}
