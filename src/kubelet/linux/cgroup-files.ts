import type { CgroupLimits } from '../pod/pod-cgroup.ts'

/** Shares of version 1 as version 2's weight, and back (KEP-2254). */
export const cpuWeight = (shares: number): number => 1 + Math.floor(((shares - 2) * 9999) / 262_142)
const weightShares = (weight: number): number => 2 + Math.floor(((weight - 1) * 262_142) / 9999)

/** What version 1 shows as the limit of memory where there is none is a little less than 2^63. */
const noMemoryLimit = 2 ** 62

type Limits = Partial<CgroupLimits>
/** '' for the one hierarchy of version 2. */
type Write = readonly [controller: string, file: string, value: string]
/** Reads one file of a group. */
type ReadGroup = (controller: string, file: string) => Promise<string>

const quotaOf = ({
  cpuQuotaUs,
  cpuPeriodUs,
}: Limits): readonly [quota: number, period: number] | undefined =>
  cpuQuotaUs === undefined || cpuPeriodUs === undefined ? undefined : [cpuQuotaUs, cpuPeriodUs]

/** What is written where to hold a group to these limits. */
export function filesV1(limits: Limits): readonly Write[] {
  const { cpuShares, memoryBytes } = limits
  const quota = quotaOf(limits)
  return [
    ...(cpuShares === undefined ? [] : [['cpu', 'cpu.shares', String(cpuShares)] as const]),
    ...(quota === undefined
      ? []
      : [
          ['cpu', 'cpu.cfs_period_us', String(quota[1])] as const,
          ['cpu', 'cpu.cfs_quota_us', String(quota[0])] as const,
        ]),
    ...(memoryBytes === undefined ? [] : [['memory', 'memory.limit_in_bytes', String(memoryBytes)] as const]),
  ]
}

export function filesV2(limits: Limits): readonly Write[] {
  const { cpuShares, memoryBytes } = limits
  const quota = quotaOf(limits)
  return [
    ...(cpuShares === undefined ? [] : [['', 'cpu.weight', String(cpuWeight(cpuShares))] as const]),
    ...(quota === undefined ? [] : [['', 'cpu.max', quota.join(' ')] as const]),
    ...(memoryBytes === undefined ? [] : [['', 'memory.max', String(memoryBytes)] as const]),
  ]
}

/** The same for a slice of systemd's. */
export function sliceProperties(limits: Limits, isV2: boolean): readonly string[] {
  const { cpuShares, memoryBytes } = limits
  const quota = quotaOf(limits)
  const shares = (of: number): string => (isV2 ? `CPUWeight=${cpuWeight(of)}` : `CPUShares=${of}`)
  return [
    ...(cpuShares === undefined ? [] : [shares(cpuShares)]),
    ...(quota === undefined ? [] : [`CPUQuota=${Math.ceil((quota[0] * 100) / quota[1])}%`]),
    ...(memoryBytes === undefined ? [] : [`${isV2 ? 'MemoryMax' : 'MemoryLimit'}=${memoryBytes}`]),
  ]
}

export async function readLimitsV1(read: ReadGroup): Promise<CgroupLimits> {
  const number = async (controller: string, file: string): Promise<number> =>
    Number(await read(controller, file))
  const cpuQuotaUs = await number('cpu', 'cpu.cfs_quota_us')
  const cpuPeriodUs = await number('cpu', 'cpu.cfs_period_us')
  const memoryBytes = await number('memory', 'memory.limit_in_bytes')
  return {
    cpuShares: await number('cpu', 'cpu.shares'),
    ...(cpuQuotaUs < 0 ? {} : { cpuQuotaUs, cpuPeriodUs }),
    ...(memoryBytes > noMemoryLimit ? {} : { memoryBytes }),
  }
}

export async function readLimitsV2(read: ReadGroup): Promise<CgroupLimits> {
  const [quota = 'max', period = ''] = (await read('', 'cpu.max')).split(' ')
  const memory = await read('', 'memory.max')
  return {
    cpuShares: weightShares(Number(await read('', 'cpu.weight'))),
    ...(quota === 'max' ? {} : { cpuQuotaUs: Number(quota), cpuPeriodUs: Number(period) }),
    ...(memory === 'max' ? {} : { memoryBytes: Number(memory) }),
  }
}
