/** Memory of one kind of a NUMA node, in bytes. */
export interface MemoryTable {
  readonly total: number
  readonly systemReserved: number
  /** What pods may have. */
  readonly allocatable: number
  /** What they have of it. */
  readonly reserved: number
  readonly free: number
}

export interface NodeMemory {
  /** How many requests are served from here; memory and huge pages of a container are two. */
  readonly numberOfAssignments: number
  /** By kind: `memory`, `hugepages-2Mi`. */
  readonly memoryMap: ReadonlyMap<string, MemoryTable>
  /** The nodes that serve requests together with this one, and this one. */
  readonly cells: readonly number[]
}

export type MachineMemory = ReadonlyMap<number, NodeMemory>

/** Memory that somebody has. */
export interface MemoryBlock {
  readonly numaAffinity: readonly number[]
  readonly type: string
  readonly size: number
}

/** By pod and container. */
export type MemoryAssignments = ReadonlyMap<string, ReadonlyMap<string, readonly MemoryBlock[]>>

export interface MemoryState {
  readonly machine: MachineMemory
  readonly assigned: MemoryAssignments
}

export const emptyMemoryState: MemoryState = { machine: new Map(), assigned: new Map() }

export const sameNodes = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && new Set(a).isSubsetOf(new Set(b))

const changed = (
  machine: MachineMemory,
  nodes: readonly number[],
  change: (node: number, memory: NodeMemory) => NodeMemory,
): MachineMemory => {
  const next = new Map(machine)
  for (const node of nodes) {
    const memory = next.get(node)
    if (memory !== undefined) next.set(node, change(node, memory))
  }
  return next
}

/** Moves bytes of a table from free to reserved, or back where they are negative. */
const moved = (memory: NodeMemory, type: string, bytes: number): NodeMemory['memoryMap'] => {
  const table = memory.memoryMap.get(type)
  if (table === undefined || bytes === 0) return memory.memoryMap
  const next = { ...table, reserved: table.reserved + bytes, free: table.free - bytes }
  return new Map(memory.memoryMap).set(type, next)
}

/** Takes memory from these nodes, as much as the first of them have. */
export function takeMemory(machine: MachineMemory, block: MemoryBlock): MachineMemory {
  let open = block.size
  return changed(machine, block.numaAffinity, (_node, memory) => {
    const bytes = Math.min(open, Math.max(memory.memoryMap.get(block.type)?.free ?? 0, 0))
    open -= bytes
    return {
      numberOfAssignments: memory.numberOfAssignments + 1,
      memoryMap: moved(memory, block.type, bytes),
      cells: block.numaAffinity,
    }
  })
}

/** Gives it back. */
export function releaseMemory(machine: MachineMemory, block: MemoryBlock): MachineMemory {
  let open = block.size
  return changed(machine, block.numaAffinity, (node, memory) => {
    const bytes = Math.min(open, memory.memoryMap.get(block.type)?.reserved ?? 0)
    open -= bytes
    const numberOfAssignments = memory.numberOfAssignments - 1
    return {
      numberOfAssignments,
      memoryMap: moved(memory, block.type, -bytes),
      cells: numberOfAssignments === 0 ? [node] : memory.cells,
    }
  })
}
