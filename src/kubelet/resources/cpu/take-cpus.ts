import { CpuAccumulator } from './cpu-accumulator.ts'
import { type CpuSet, noCpus } from './cpu-set.ts'
import type { CpuTopology } from './cpu-topology.ts'

export interface TakeOptions {
  /** Over as many cores as there are, in place of whole cores. */
  readonly spread: boolean
  /** From as few caches as can be. */
  readonly byCache: boolean
}

/** An accumulator for so many of what is available; undefined where none is needed. Throws where there are too few. */
export function accumulate(
  topology: CpuTopology,
  available: CpuSet,
  count: number,
): CpuAccumulator | undefined {
  if (count < 1) return undefined
  const accumulator = new CpuAccumulator(topology, available, count)
  if (count > accumulator.free.size)
    throw new Error(
      `not enough cpus available to satisfy request: requested=${count}, available=${available.size}`,
    )
  return accumulator
}

/**
 * So many of the available processors, as near together as can be: whole NUMA nodes and sockets, whole cores, then
 * single ones from what is already used most. Throws an Error in upstream's words where there are not enough.
 */
export function takePacked(
  topology: CpuTopology,
  available: CpuSet,
  count: number,
  { spread, byCache }: TakeOptions,
): CpuSet {
  const accumulator = accumulate(topology, available, count)
  if (accumulator === undefined) return noCpus
  accumulator.takeBiggest()
  if (byCache && !accumulator.isSatisfied) accumulator.takeByCache()
  if (!spread && !accumulator.isSatisfied) accumulator.takeWhole('core')
  if (!accumulator.isSatisfied) accumulator.takeRest(spread)
  return accumulator.taken
}
