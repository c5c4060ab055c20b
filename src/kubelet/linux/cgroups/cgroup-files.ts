import { quotaPeriodUs } from '../../pod/runtime-config/container-resources.ts'
import type { CgroupLimits } from '../../pod/runtime-config/pod-cgroup.ts'

/** Shares of version 1 as version 2's weight, and back (KEP-2254). */
export const cpuWeight = (shares: number): number => 1 + Math.floor(((shares - 2) * 9999) / 262_142)
const weightShares = (weight: number): number => 2 + Math.floor(((weight - 1) * 262_142) / 9999)

/** What version 1 shows as the limit of memory where there is none is a little less than 2^63. */
const noMemoryLimit = 2 ** 62

type Limits = Partial<CgroupLimits>
/** '' for the one hierarchy of version 2. */
export type GroupFile = readonly [controller: string, file: string, value: string]
/** Reads one file of a group. */
type ReadGroup = (controller: string, file: string) => Promise<string>

const quotaOf = ({
  cpuQuotaUs,
  cpuPeriodUs,
}: Limits): readonly [quota: number, period: number] | undefined =>
  cpuQuotaUs === undefined || cpuPeriodUs === undefined ? undefined : [cpuQuotaUs, cpuPeriodUs]

/** What is written where to hold a group to these limits. */
export function filesV1(limits: Limits): readonly GroupFile[] {
  const { cpuShares, memoryBytes, pids, hugepages = {} } = limits
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
    ...(pids === undefined ? [] : [['pids', 'pids.max', String(pids)] as const]),
    ...Object.entries(hugepages).map(
      ([size, bytes]) => ['hugetlb', `hugetlb.${size}.limit_in_bytes`, String(bytes)] as const,
    ),
  ]
}

const hugepagesV2 = ({ hugepages = {} }: Limits): readonly GroupFile[] =>
  Object.entries(hugepages).map(([size, bytes]) => ['', `hugetlb.${size}.max`, String(bytes)] as const)

export function filesV2(limits: Limits): readonly GroupFile[] {
  const { cpuShares, memoryBytes, pids, unified = {} } = limits
  const quota = quotaOf(limits)
  return [
    ...(cpuShares === undefined ? [] : [['', 'cpu.weight', String(cpuWeight(cpuShares))] as const]),
    ...(quota === undefined ? [] : [['', 'cpu.max', quota.join(' ')] as const]),
    ...(memoryBytes === undefined ? [] : [['', 'memory.max', String(memoryBytes)] as const]),
    ...(pids === undefined ? [] : [['', 'pids.max', String(pids)] as const]),
    ...hugepagesV2(limits),
    ...Object.entries(unified).map(([file, value]) => ['', file, value] as const),
  ]
}

/** Systemd's names of what is written to files of version 2. */
const unifiedProperties: Readonly<Record<string, string>> = {
  'memory.min': 'MemoryMin',
  'memory.low': 'MemoryLow',
  'memory.high': 'MemoryHigh',
}

/** The same for a slice of systemd's. */
export function sliceProperties(limits: Limits, isV2: boolean): readonly string[] {
  const { cpuShares, cpuPeriodUs, memoryBytes, pids, unified = {} } = limits
  const quota = quotaOf(limits)
  const shares = (of: number): string => (isV2 ? `CPUWeight=${cpuWeight(of)}` : `CPUShares=${of}`)
  return [
    ...(cpuShares === undefined ? [] : [shares(cpuShares)]),
    ...(quota === undefined ? [] : [`CPUQuota=${Math.ceil((quota[0] * 100) / quota[1])}%`]),
    ...(quota === undefined || cpuPeriodUs === quotaPeriodUs ? [] : [`CPUQuotaPeriodSec=${cpuPeriodUs}us`]),
    ...(memoryBytes === undefined ? [] : [`${isV2 ? 'MemoryMax' : 'MemoryLimit'}=${memoryBytes}`]),
    ...(pids === undefined ? [] : [`TasksMax=${pids}`]),
    ...Object.entries(isV2 ? unified : {}).flatMap(([file, value]) => {
      const property = unifiedProperties[file]
      return property === undefined ? [] : [`${property}=${value}`]
    }),
  ]
}

/** What systemd has no property for. */
export const filesBesideSlice = (limits: Limits, isV2: boolean): readonly GroupFile[] =>
  isV2 ? hugepagesV2(limits) : filesV1({ hugepages: limits.hugepages ?? {} })

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

/** A weight that is what the group should have counts as that: it says less than shares do. */
export async function readLimitsV2(read: ReadGroup, wanted: CgroupLimits): Promise<CgroupLimits> {
  const [quota = 'max', period = ''] = (await read('', 'cpu.max')).split(' ')
  const memory = await read('', 'memory.max')
  const weight = Number(await read('', 'cpu.weight'))
  return {
    cpuShares: weight === cpuWeight(wanted.cpuShares) ? wanted.cpuShares : weightShares(weight),
    ...(quota === 'max' ? {} : { cpuQuotaUs: Number(quota), cpuPeriodUs: Number(period) }),
    ...(memory === 'max' ? {} : { memoryBytes: Number(memory) }),
  }
}
