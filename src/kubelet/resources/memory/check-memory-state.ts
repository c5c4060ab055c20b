import {
  type MachineMemory,
  type MemoryAssignments,
  type MemoryState,
  type MemoryTable,
  sameNodes,
  takeMemory,
} from './memory-state.ts'

/** The machine's memory with what is assigned taken from it. Throws an Error where it cannot be there. */
function withAssignments(free: MachineMemory, assigned: MemoryAssignments): MachineMemory {
  let machine = free
  for (const [pod, containers] of assigned)
    for (const [container, blocks] of containers)
      for (const block of blocks) {
        const place = `[memorymanager] (pod: ${pod}, container: ${container}) the memory assignment uses`
        for (const node of block.numaAffinity) {
          const memory = machine.get(node)
          if (memory === undefined) throw new Error(`${place} the NUMA that does not exist`)
          if (!memory.memoryMap.has(block.type))
            throw new Error(`${place} memory resource that does not exist`)
        }
        machine = takeMemory(machine, block)
      }
  return machine
}

const sameSize = (a: MemoryTable, b: MemoryTable): boolean =>
  a.total === b.total && a.systemReserved === b.systemReserved && a.allocatable === b.allocatable

/** Nodes that serve requests together may have shared them otherwise: they are compared as one. */
function isAlike(machine: MachineMemory, other: MachineMemory): boolean {
  const sumOf = (of: MachineMemory, nodes: readonly number[], type: string, part: 'free' | 'reserved') =>
    nodes.reduce((sum, node) => sum + (of.get(node)?.memoryMap.get(type)?.[part] ?? 0), 0)
  if (machine.size !== other.size) return false
  return [...machine].every(([id, node]) => {
    const twin = other.get(id)
    if (
      twin === undefined ||
      node.numberOfAssignments !== twin.numberOfAssignments ||
      node.memoryMap.size !== twin.memoryMap.size ||
      !sameNodes(node.cells, twin.cells)
    )
      return false
    return [...node.memoryMap].every(([type, table]) => {
      const theirs = twin.memoryMap.get(type)
      if (theirs === undefined || !sameSize(table, theirs)) return false
      return (['free', 'reserved'] as const).every(
        (part) => sumOf(machine, node.cells, type, part) === sumOf(other, node.cells, type, part),
      )
    })
  })
}

/**
 * The state to begin with: what was saved, or `free` where nothing was. Throws an Error in upstream's words where it is
 * not for this machine and configuration any more.
 */
export function checkedMemoryState({ machine, assigned }: MemoryState, free: MachineMemory): MemoryState {
  if (machine.size === 0) {
    if (assigned.size > 0)
      throw new Error('[memorymanager] machine state can not be empty when it has memory assignments')
    return { machine: free, assigned }
  }
  if (!isAlike(machine, withAssignments(free, assigned)))
    throw new Error('[memorymanager] the expected machine state is different from the real one')
  return { machine, assigned }
}
