import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defined } from '../../../base/defined.ts'
import type { GroupUsage, MemoryFigures, Pressure, Stall } from '../../stats/usage.ts'

/** Where the kernel's groups are. */
export interface GroupRoot {
  readonly mountPoint: string
  readonly isV2: boolean
}

/** The kernel counts a processor's time in hundredths of a second where it does not say otherwise (USER_HZ). */
export const nanosPerTick = 1e7
/** What version 1 shows as the limit of memory where there is none is a little less than 2^63. */
const noLimit = 2 ** 62

type Numbers = ReadonlyMap<string, number>

const readText = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  )

/** `name number` on each line. */
const numbersOf = (text: string | undefined): Numbers =>
  new Map((text ?? '').split('\n').map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1] ?? 0)]))

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined || text === 'max' || Number(text) > noLimit ? undefined : Number(text)

function pressureOf(line: string): Pressure {
  const field = (name: string): number => Number(new RegExp(`${name}=([0-9.]+)`).exec(line)?.[1] ?? 0)
  return { totalUs: field('total'), avg10: field('avg10'), avg60: field('avg60'), avg300: field('avg300') }
}

export function stallOf(text: string | undefined): Stall | undefined {
  const [some, full] = (text ?? '').split('\n')
  return some === undefined || some === ''
    ? undefined
    : { some: pressureOf(some), full: pressureOf(full ?? '') }
}

/** What both versions tell of memory, under the names of `memory.stat`. */
function memoryFigures(usageBytes: number, stat: Numbers, names: Readonly<Record<string, string>>) {
  const of = (name: string): number | undefined => stat.get(names[name] ?? name)
  const inactiveFileBytes = of('inactive_file') ?? 0
  return {
    usageBytes,
    workingSetBytes: Math.max(usageBytes - inactiveFileBytes, 0),
    rssBytes: of('rss') ?? 0,
    pageFaults: of('pgfault') ?? 0,
    majorPageFaults: of('pgmajfault') ?? 0,
    inactiveFileBytes,
    ...defined({
      cacheBytes: of('cache'),
      mappedFileBytes: of('mapped_file'),
      activeFileBytes: of('active_file'),
    }),
  }
}

const v1Names = {
  ...{ rss: 'total_rss', cache: 'total_cache', mapped_file: 'total_mapped_file' },
  ...{ inactive_file: 'total_inactive_file', active_file: 'total_active_file' },
  ...{ pgfault: 'total_pgfault', pgmajfault: 'total_pgmajfault' },
}
const v2Names = { rss: 'anon', cache: 'file', mapped_file: 'file_mapped' }

async function usageV1(root: string, group: string): Promise<GroupUsage | undefined> {
  const read = (controller: string, file: string): Promise<string | undefined> =>
    readText(join(root, controller, group, file))
  const [nanos, ticks, cpu, usage, stat, limit, most, hits, pids, oom, kernel] = await Promise.all([
    ...[read('cpuacct', 'cpuacct.usage'), read('cpuacct', 'cpuacct.stat'), read('cpu', 'cpu.stat')],
    ...[read('memory', 'memory.usage_in_bytes'), read('memory', 'memory.stat')],
    ...[read('memory', 'memory.limit_in_bytes'), read('memory', 'memory.max_usage_in_bytes')],
    ...[read('memory', 'memory.failcnt'), read('pids', 'pids.current'), read('memory', 'memory.oom_control')],
    read('memory', 'memory.kmem.usage_in_bytes'),
  ])
  if (nanos === undefined || usage === undefined) return undefined
  const [time, throttled, numbers] = [numbersOf(ticks), numbersOf(cpu), numbersOf(stat)]
  const memory: MemoryFigures = {
    ...memoryFigures(Number(usage), numbers, v1Names),
    ...defined({ limitBytes: numberOf(limit), maxUsageBytes: numberOf(most) }),
    ...defined({ limitHits: numberOf(hits), kernelBytes: numberOf(kernel) }),
  }
  return {
    timeMs: Date.now(),
    cpuNanos: Number(nanos),
    cpuUserNanos: (time.get('user') ?? 0) * nanosPerTick,
    cpuSystemNanos: (time.get('system') ?? 0) * nanosPerTick,
    throttling: {
      periods: throttled.get('nr_periods') ?? 0,
      throttledPeriods: throttled.get('nr_throttled') ?? 0,
      throttledNanos: throttled.get('throttled_time') ?? 0,
    },
    memory,
    ...(numbers.has('total_swap') ? { swap: { usageBytes: numbers.get('total_swap') ?? 0 } } : {}),
    ...defined({ processes: numberOf(pids), oomKills: numbersOf(oom).get('oom_kill') }),
  }
}

async function usageV2(root: string, group: string): Promise<GroupUsage | undefined> {
  const read = (file: string): Promise<string | undefined> => readText(join(root, group, file))
  const [cpu, usage, stat, limit, most, swap, swapLimit, pids, events, ...pressures] = await Promise.all([
    ...[read('cpu.stat'), read('memory.current'), read('memory.stat'), read('memory.max')],
    ...[read('memory.peak'), read('memory.swap.current'), read('memory.swap.max'), read('pids.current')],
    ...[read('memory.events'), read('cpu.pressure'), read('memory.pressure'), read('io.pressure')],
  ])
  if (cpu === undefined || usage === undefined) return undefined
  const [time, numbers, counted] = [numbersOf(cpu), numbersOf(stat), numbersOf(events)]
  const nanos = (name: string): number => (time.get(name) ?? 0) * 1000
  const [cpuStall, memoryStall, ioStall] = pressures.map(stallOf)
  const memory: MemoryFigures = {
    ...memoryFigures(Number(usage), numbers, v2Names),
    ...defined({ limitBytes: numberOf(limit), maxUsageBytes: numberOf(most) }),
    ...defined({ kernelBytes: numbers.get('kernel'), limitHits: counted.get('max') }),
  }
  const swapUsage = numberOf(swap)
  return {
    timeMs: Date.now(),
    cpuNanos: nanos('usage_usec'),
    cpuUserNanos: nanos('user_usec'),
    cpuSystemNanos: nanos('system_usec'),
    throttling: {
      periods: time.get('nr_periods') ?? 0,
      throttledPeriods: time.get('nr_throttled') ?? 0,
      throttledNanos: nanos('throttled_usec'),
    },
    memory,
    ...(swapUsage === undefined
      ? {}
      : { swap: { usageBytes: swapUsage, ...defined({ limitBytes: numberOf(swapLimit) }) } }),
    ...defined({ processes: numberOf(pids), oomKills: counted.get('oom_kill') }),
    ...(cpuStall === undefined
      ? {}
      : { stalls: { cpu: cpuStall, ...defined({ memory: memoryStall, io: ioStall }) } }),
  }
}

/** What a group has used, by its path below the hierarchies' root; undefined where there is none. */
export const groupUsage = (
  { mountPoint, isV2 }: GroupRoot,
  group: string,
): Promise<GroupUsage | undefined> => (isV2 ? usageV2(mountPoint, group) : usageV1(mountPoint, group))
