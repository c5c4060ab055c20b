import { defined } from '../../../base/defined.ts'
import type { Host } from '../../../base/host.ts'
import type { GroupUsage, UsageReader } from '../../stats/usage.ts'
import { podUidLabel } from '../labels.ts'
import type { ContainerStats } from '../messages.ts'
import type { Runtime } from '../runtime.ts'

const ofContainer = ({ cpu, memory }: ContainerStats): GroupUsage => ({
  timeMs: (cpu?.timestamp ?? 0) / 1e6,
  cpuNanos: cpu?.usageCoreNanoSeconds?.value ?? 0,
  ...defined({ nanoCores: cpu?.usageNanoCores?.value }),
  memory: {
    usageBytes: memory?.usageBytes?.value ?? 0,
    workingSetBytes: memory?.workingSetBytes?.value ?? 0,
    rssBytes: memory?.rssBytes?.value ?? 0,
    pageFaults: 0,
    majorPageFaults: 0,
  },
})

/** What all of them use together. */
function together(stats: readonly ContainerStats[], nowMs: number): GroupUsage {
  const all = stats.map(ofContainer)
  const sum = (of: (usage: GroupUsage) => number): number =>
    all.reduce((total, usage) => total + of(usage), 0)
  return {
    timeMs: nowMs,
    cpuNanos: sum(({ cpuNanos }) => cpuNanos),
    nanoCores: sum(({ nanoCores = 0 }) => nanoCores),
    memory: {
      usageBytes: sum(({ memory }) => memory.usageBytes),
      workingSetBytes: sum(({ memory }) => memory.workingSetBytes),
      rssBytes: sum(({ memory }) => memory.rssBytes),
      pageFaults: 0,
      majorPageFaults: 0,
    },
    processes: all.length,
  }
}

/** A simulated machine uses what its containers use, and they what their behaviour says. */
export function simulatedUsage(
  runtime: Pick<Runtime, 'containerStats' | 'listContainerStats'>,
  host: Host,
): UsageReader {
  const startedMs = host.now()
  const running = { state: 'CONTAINER_RUNNING' } as const
  return {
    machine: async () => {
      const group = together(await runtime.listContainerStats({ state: running }), host.now())
      return { group, bootMs: startedMs, interfaces: [], system: new Map([['pods', group]]) }
    },
    pod: async ({ metadata }) => {
      const labelSelector = { [podUidLabel]: metadata?.uid ?? '' }
      return together(await runtime.listContainerStats({ labelSelector, state: running }), host.now())
    },
    network: async () => [],
    container: async (_pod, id) => ofContainer(await runtime.containerStats(id)),
    groupName: ({ metadata }, id) => `/kubepods/pod${metadata?.uid}${id === undefined ? '' : `/${id}`}`,
  }
}
