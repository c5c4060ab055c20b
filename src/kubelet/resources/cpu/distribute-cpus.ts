import type { CpuAccumulator } from './cpu-accumulator.ts'
import type { CpuSet } from './cpu-set.ts'
import { noCpus } from './cpu-set.ts'
import type { CpuTopology } from './cpu-topology.ts'
import { accumulate, takePacked } from './take-cpus.ts'

export interface DistributeOptions {
  /** How many are given together: the threads of a core, or 1. */
  readonly groupSize: number
  readonly spread: boolean
}

/** Nodes that a number of processors is spread over. */
interface Spread {
  readonly nodes: readonly number[]
  /** Those that give what does not divide evenly. */
  readonly remainder: readonly number[]
  /** How unevenly the machine is used then; 0 is best. */
  readonly balance: number
}

function* combinations<T>(items: readonly T[], size: number, from = 0): Generator<readonly T[]> {
  if (size === 0) {
    yield []
    return
  }
  for (let at = from; at <= items.length - size; at++)
    for (const rest of combinations(items, size - 1, at + 1)) yield [...items.slice(at, at + 1), ...rest]
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000

/** The standard deviation. */
function balanceOf(counts: Iterable<number>): number {
  const all = [...counts]
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const mean = rounded(sum(all) / all.length)
  return rounded(Math.sqrt(sum(all.map((count) => (count - mean) ** 2)) / all.length))
}

const evenShare = (count: number, nodes: number, groupSize: number): number =>
  Math.floor(Math.floor(count / nodes) / groupSize) * groupSize

/** What is free of each node when the remainder was taken from some of them, group by group. */
function withoutRemainder(
  free: ReadonlyMap<number, number>,
  subset: readonly number[],
  remainder: number,
  groupSize: number,
): ReadonlyMap<number, number> | undefined {
  const left = new Map(free)
  let open = remainder
  while (open > 0) {
    const before = open
    for (const node of subset) {
      const size = left.get(node) ?? 0
      if (open === 0 || size < groupSize) continue
      left.set(node, size - groupSize)
      open -= groupSize
    }
    if (open === before) return undefined
  }
  return left
}

/** The best way to spread over exactly these nodes; undefined where it cannot be. */
function spreadOver(
  free: ReadonlyMap<number, number>,
  nodes: readonly number[],
  count: number,
  groupSize: number,
): Spread | undefined {
  const sizes = nodes.map((node) => free.get(node) ?? 0)
  const groups = sizes.reduce((sum, size) => sum + Math.floor(size / groupSize), 0)
  const share = evenShare(count, nodes.length, groupSize)
  if (groups * groupSize < count || sizes.some((size) => size < share)) return undefined
  const after = new Map(free)
  for (const node of nodes) after.set(node, (free.get(node) ?? 0) - share)
  const remainder = count - share * nodes.length
  if (remainder === 0) return { nodes, remainder: [], balance: balanceOf(after.values()) }
  const candidates = nodes.filter((node) => (after.get(node) ?? 0) >= groupSize)
  let best: Spread | undefined
  for (let size = candidates.length; size >= 1; size--)
    for (const subset of combinations(candidates, size)) {
      const left = withoutRemainder(after, subset, remainder, groupSize)
      if (left === undefined) continue
      const balance = balanceOf(left.values())
      if (best === undefined || balance < best.balance) best = { nodes, remainder: subset, balance }
    }
  return best
}

function bestSpread(
  accumulator: CpuAccumulator,
  size: number,
  count: number,
  groupSize: number,
): Spread | undefined {
  const all = accumulator.available('node')
  const free = new Map(all.map((node) => [node, accumulator.freeIn('node', [node]).size]))
  let best: Spread | undefined
  for (const nodes of combinations(all, size)) {
    if (best?.balance === 0) break
    const spread = spreadOver(free, nodes, count, groupSize)
    if (spread !== undefined && (best === undefined || spread.balance < best.balance)) best = spread
  }
  return best
}

function takeSpread(
  topology: CpuTopology,
  accumulator: CpuAccumulator,
  { nodes, remainder }: Spread,
  { groupSize, spread }: DistributeOptions,
): CpuSet {
  const from = (node: number, count: number): void =>
    accumulator.take(
      takePacked(topology, accumulator.freeIn('node', [node]), count, { spread, byCache: false }),
    )
  const share = evenShare(accumulator.needed, nodes.length, groupSize)
  for (const node of nodes) from(node, share)
  while (!accumulator.isSatisfied)
    for (const node of remainder) {
      if (accumulator.isSatisfied) break
      if (accumulator.freeIn('node', [node]).size >= groupSize) from(node, groupSize)
    }
  return accumulator.taken
}

/**
 * So many of the available processors, evenly from as few NUMA nodes as can give them (KEP-2902); packed where they
 * cannot be given evenly. Throws an Error in upstream's words where there are not enough.
 */
export function takeDistributed(
  topology: CpuTopology,
  available: CpuSet,
  count: number,
  options: DistributeOptions,
): CpuSet {
  const { groupSize, spread } = options
  const packed = (): CpuSet => takePacked(topology, available, count, { spread, byCache: false })
  if (count % groupSize !== 0) return packed()
  const accumulator = accumulate(topology, available, count)
  if (accumulator === undefined) return noCpus
  const groups = count / groupSize
  const groupsPerNode = Math.ceil(Math.ceil(topology.cpus.size / groupSize) / topology.nodes.length)
  const fewest = Math.ceil(groups / groupsPerNode)
  const most = Math.min(groups, accumulator.available('node').length)
  for (let size = fewest; size <= most; size++) {
    const best = bestSpread(accumulator, size, count, groupSize)
    if (best !== undefined) return takeSpread(topology, accumulator, best, options)
  }
  return packed()
}
