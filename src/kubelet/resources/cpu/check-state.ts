import { goQuote } from '../../../apimachinery/go-text.ts'
import type { CpuState } from './cpu-checkpoint.ts'
import { type CpuSet, cpuSetText, sameCpus } from './cpu-set.ts'

export interface CpuPlan {
  /** Of the machine. */
  readonly cpus: CpuSet
  readonly reserved: CpuSet
  /** What is reserved is nobody's else, not even of those that share. */
  readonly strict: boolean
}

/**
 * The state to begin with: what was saved, or all processors for all where nothing was. Throws an Error in upstream's
 * words where it is not for this machine and configuration any more.
 */
export function checkedCpuState(
  { shared, assigned }: CpuState,
  { cpus, reserved, strict }: CpuPlan,
): CpuState {
  const known = strict ? cpus.difference(reserved) : cpus
  if (shared.size === 0) {
    if (assigned.size > 0) throw new Error('default cpuset cannot be empty')
    return { shared: known, assigned }
  }
  const common = reserved.intersection(shared)
  if (strict && common.size > 0)
    throw new Error(
      `some of strictly reserved cpus: ${goQuote(cpuSetText(common))} are present in defaultCpuSet: ${goQuote(cpuSetText(shared))}`,
    )
  if (!strict && common.size < reserved.size)
    throw new Error(
      `not all reserved cpus: "${cpuSetText(reserved)}" are present in defaultCpuSet: "${cpuSetText(shared)}"`,
    )
  let total: CpuSet = shared
  for (const [pod, containers] of assigned)
    for (const [container, own] of containers) {
      if (!shared.isDisjointFrom(own))
        throw new Error(
          `pod: ${pod}, container: ${container} cpuset: ${goQuote(cpuSetText(own))} overlaps with default cpuset ${goQuote(cpuSetText(shared))}`,
        )
      total = total.union(own)
    }
  if (!sameCpus(total, known))
    throw new Error(
      `current set of available CPUs "${cpuSetText(known)}" doesn't match with CPUs in state "${cpuSetText(total)}"`,
    )
  return { shared, assigned }
}
