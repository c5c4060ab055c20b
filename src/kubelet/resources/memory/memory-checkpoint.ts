import { goQuote } from '../../../apimachinery/go-text.ts'
import { isRecord } from '../../../base/is-record.ts'
import { checksum } from '../../state/checksum.ts'
import type {
  MachineMemory,
  MemoryAssignments,
  MemoryBlock,
  MemoryState,
  MemoryTable,
  NodeMemory,
} from './memory-state.ts'

const inOrder = <T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1))

const listText = (numbers: readonly number[]): string => `([]int)[${numbers.join(' ')}]`

const tableText = ({ total, systemReserved, allocatable, reserved, free }: MemoryTable): string =>
  `<*>{TotalMemSize:(uint64)${total} SystemReserved:(uint64)${systemReserved} Allocatable:(uint64)${allocatable} ` +
  `Reserved:(uint64)${reserved} Free:(uint64)${free}}`

const nodeText = ({ numberOfAssignments, memoryMap, cells }: NodeMemory): string => {
  const tables = inOrder(memoryMap).map(([type, table]) => `${type}:${tableText(table)}`)
  const map = `(map[v1.ResourceName]*state.MemoryTable)map[${tables.join(' ')}]`
  return `<*>{NumberOfAssignments:(int)${numberOfAssignments} MemoryMap:${map} Cells:${listText(cells)}}`
}

const blockText = ({ numaAffinity, type, size }: MemoryBlock): string =>
  `{NUMAAffinity:${listText(numaAffinity)} Type:(v1.ResourceName)${type} Size:(uint64)${size}}`

/** Over the state as Go prints it: upstream's kubelets read this file, and this one theirs. */
function checksumOf(policyName: string, { machine, assigned }: MemoryState): number {
  const nodes = [...machine].sort(([a], [b]) => a - b).map(([id, node]) => `${id}:${nodeText(node)}`)
  const pods = inOrder(assigned).map(([pod, containers]) => {
    const lists = inOrder(containers).map(([name, blocks]) => `${name}:[${blocks.map(blockText).join(' ')}]`)
    return `${pod}:map[${lists.join(' ')}]`
  })
  return checksum(
    `(*state.MemoryManagerCheckpoint){PolicyName:(string)${policyName} ` +
      `MachineState:(state.NUMANodeMap)map[${nodes.join(' ')}] ` +
      `Entries:(state.ContainerMemoryAssignments)map[${pods.join(' ')}] Checksum:(checksum.Checksum)0}`,
  )
}

/** The text of upstream's `memory_manager_state`. */
export function memoryCheckpoint(policyName: string, state: MemoryState): string {
  const machineState = Object.fromEntries(
    [...state.machine].map(([id, { numberOfAssignments, memoryMap, cells }]) => [
      id,
      { numberOfAssignments, memoryMap: Object.fromEntries(memoryMap), cells },
    ]),
  )
  const entries = Object.fromEntries(
    [...state.assigned].map(([pod, containers]) => [pod, Object.fromEntries(containers)]),
  )
  return JSON.stringify({
    ...{ policyName, machineState },
    ...(state.assigned.size === 0 ? {} : { entries }),
    checksum: checksumOf(policyName, state),
  })
}

const corrupted = (): Error => new Error('checkpoint is corrupted')

const numberOf = (value: unknown): number => {
  if (typeof value !== 'number') throw corrupted()
  return value
}
const numbersOf = (value: unknown): readonly number[] => (Array.isArray(value) ? value.map(numberOf) : [])

function mapOf<T>(value: unknown, read: (item: unknown) => T): ReadonlyMap<string, T> {
  if (value === undefined || value === null) return new Map()
  if (!isRecord(value)) throw corrupted()
  return new Map(Object.entries(value).map(([key, item]) => [key, read(item)]))
}

function tableOf(value: unknown): MemoryTable {
  if (!isRecord(value)) throw corrupted()
  return {
    total: numberOf(value['total']),
    systemReserved: numberOf(value['systemReserved']),
    allocatable: numberOf(value['allocatable']),
    reserved: numberOf(value['reserved']),
    free: numberOf(value['free']),
  }
}

function nodeOf(value: unknown): NodeMemory {
  if (!isRecord(value)) throw corrupted()
  return {
    numberOfAssignments: numberOf(value['numberOfAssignments']),
    memoryMap: mapOf(value['memoryMap'], tableOf),
    cells: numbersOf(value['cells']),
  }
}

function blocksOf(value: unknown): readonly MemoryBlock[] {
  if (!Array.isArray(value)) throw corrupted()
  return value.map((block: unknown) => {
    const { numaAffinity, type, size } = isRecord(block) ? block : {}
    if (typeof type !== 'string') throw corrupted()
    return { numaAffinity: numbersOf(numaAffinity), type, size: numberOf(size) }
  })
}

/** Throws an Error in upstream's words for what is no state, is not whole, or is another policy's. */
export function parseMemoryCheckpoint(text: string, policy: string): MemoryState {
  const value: unknown = JSON.parse(text)
  const { policyName, machineState, entries, checksum: sum } = isRecord(value) ? value : {}
  if (typeof policyName !== 'string') throw corrupted()
  const nodes = mapOf(machineState, nodeOf)
  const machine: MachineMemory = new Map([...nodes].map(([id, node]) => [Number(id), node]))
  const assigned: MemoryAssignments = mapOf(entries, (containers) => mapOf(containers, blocksOf))
  const state = { machine, assigned }
  // Nought is of files from before there were checksums.
  if (sum !== 0 && sum !== checksumOf(policyName, state)) throw corrupted()
  if (policyName !== policy)
    throw new Error(
      `[memorymanager] configured policy ${goQuote(policy)} differs from state checkpoint policy ${goQuote(policyName)}`,
    )
  return state
}
