import { type CpuSet, cpuSetText } from './cpu-set.ts'
import type { CpuTopology } from './cpu-topology.ts'
import { takeDistributed } from './distribute-cpus.ts'
import type { CpuOptions } from './policy-options.ts'
import { takePacked } from './take-cpus.ts'

/** So many of the available processors, as the options say. Throws an Error where there are not enough. */
export function takeCpus(
  topology: CpuTopology,
  options: CpuOptions,
  available: CpuSet,
  count: number,
): CpuSet {
  const spread = options.has('distribute-cpus-across-cores')
  if (!options.has('distribute-cpus-across-numa'))
    return takePacked(topology, available, count, {
      spread,
      byCache: options.has('prefer-align-cpus-by-uncorecache'),
    })
  const groupSize = options.has('full-pcpus-only') ? topology.cpusPerCore : 1
  return takeDistributed(topology, available, count, { groupSize, spread })
}

/**
 * The processors that nobody has for himself: those that are named, or as many as are reserved, rounded up. Throws an
 * Error in upstream's words where there are none, or not as many.
 */
export function reservedCpus(
  topology: CpuTopology,
  options: CpuOptions,
  named: CpuSet,
  reservedMilli: number,
): CpuSet {
  if (reservedMilli === 0)
    throw new Error(
      '[cpumanager] the static policy requires systemreserved.cpu + kubereserved.cpu to be greater than zero',
    )
  const count = Math.ceil(reservedMilli / 1000)
  if (named.size === 0 && count <= topology.cpus.size)
    return takeCpus(topology, options, topology.cpus, count)
  if (named.size !== count)
    throw new Error(
      `[cpumanager] unable to reserve the required amount of CPUs (size of ${cpuSetText(named)} did not equal ${count})`,
    )
  return named
}
