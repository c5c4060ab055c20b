import type { TopologyHint } from '../topology/hint.ts'
import { countOf, isNarrower, masksFrom, type NumaMask, nodesOf } from '../topology/numa-mask.ts'
import type { MemoryDemand } from './memory-demand.ts'
import { type MachineMemory, type MemoryTable, sameNodes } from './memory-state.ts'

/** What init containers of the pod leave to those after them, by the nodes that it is of. */
export type ReusableMemory = (mask: NumaMask, type: string) => number

/** A hint that names nodes. */
export interface MemoryHint extends TopologyHint {
  readonly affinity: NumaMask
}

const sumOf = (
  machine: MachineMemory,
  nodes: readonly number[],
  type: string,
  part: keyof MemoryTable,
): number => nodes.reduce((sum, node) => sum + (machine.get(node)?.memoryMap.get(type)?.[part] ?? 0), 0)

/** Whether these nodes serve others already, in another company: a node is in one group only. */
export function isTaken(machine: MachineMemory, nodes: readonly number[]): boolean {
  if (nodes.length === 1) return false
  return nodes.some((node) => {
    const { numberOfAssignments = 0, cells = [] } = machine.get(node) ?? {}
    return numberOfAssignments > 0 && (cells.length === 1 || !sameNodes(cells, nodes))
  })
}

/** Whether these nodes have it free. */
export const hasFree = (machine: MachineMemory, mask: NumaMask, demand: MemoryDemand): boolean =>
  [...demand].every(([type, bytes]) => sumOf(machine, nodesOf(mask), type, 'free') >= bytes)

/** Sets of NUMA nodes with enough memory of each kind; preferred are those of the least nodes that could ever do. */
export function memoryHints(
  machine: MachineMemory,
  demand: MemoryDemand,
  reusable: ReusableMemory,
): readonly MemoryHint[] {
  const all = [...machine.keys()].sort((a, b) => a - b)
  let least = all.length
  const masks: NumaMask[] = []
  for (const mask of masksFrom(all)) {
    const nodes = nodesOf(mask)
    if ([...demand].some(([type, bytes]) => sumOf(machine, nodes, type, 'allocatable') < bytes)) continue
    least = Math.min(least, nodes.length)
    const [first = 0] = nodes
    // One that serves requests together with others is not for one alone.
    if (nodes.length === 1 && (machine.get(first)?.cells.length ?? 0) > 1) continue
    if (isTaken(machine, nodes)) continue
    const enough = [...demand].every(
      ([type, bytes]) => sumOf(machine, nodes, type, 'free') + reusable(mask, type) >= bytes,
    )
    if (enough) masks.push(mask)
  }
  return masks.map((affinity) => ({ affinity, preferred: countOf(affinity) === least }))
}

/** A preferred one, then the narrowest. */
export function bestHint(hints: readonly MemoryHint[]): MemoryHint | undefined {
  let best: MemoryHint | undefined
  for (const hint of hints) {
    const better =
      best === undefined ||
      (hint.preferred && !best.preferred) ||
      (hint.preferred === best.preferred && isNarrower(hint.affinity, best.affinity))
    if (better) best = hint
  }
  return best
}
