import { expect, test } from 'vitest'
import type { CgroupLimits } from '../../pod/runtime-config/pod-cgroup.ts'
import {
  cpuWeight,
  filesBesideSlice,
  filesV1,
  filesV2,
  readLimitsV2,
  sliceProperties,
} from './cgroup-files.ts'

const limits: CgroupLimits = {
  ...{ cpuShares: 512, cpuQuotaUs: 5_000, cpuPeriodUs: 10_000, memoryBytes: 1024, pids: 100 },
  hugepages: { '2MB': 4096 },
  unified: { 'memory.low': '512' },
}

test('filesV1() has a file of a hierarchy for each limit', () => {
  expect(filesV1(limits)).toEqual([
    ['cpu', 'cpu.shares', '512'],
    ['cpu', 'cpu.cfs_period_us', '10000'],
    ['cpu', 'cpu.cfs_quota_us', '5000'],
    ['memory', 'memory.limit_in_bytes', '1024'],
    ['pids', 'pids.max', '100'],
    ['hugetlb', 'hugetlb.2MB.limit_in_bytes', '4096'],
  ])
})

test('filesV2() has a file for each limit', () => {
  expect(filesV2(limits)).toEqual([
    ['', 'cpu.weight', '20'],
    ['', 'cpu.max', '5000 10000'],
    ['', 'memory.max', '1024'],
    ['', 'pids.max', '100'],
    ['', 'hugetlb.2MB.max', '4096'],
    ['', 'memory.low', '512'],
  ])
})

test('sliceProperties() says it to systemd, but for huge pages', () => {
  expect(sliceProperties(limits, true)).toEqual([
    ...['CPUWeight=20', 'CPUQuota=50%', 'CPUQuotaPeriodSec=10000us', 'MemoryMax=1024', 'TasksMax=100'],
    'MemoryLow=512',
  ])
  expect(sliceProperties(limits, false)).toEqual([
    ...['CPUShares=512', 'CPUQuota=50%', 'CPUQuotaPeriodSec=10000us', 'MemoryLimit=1024', 'TasksMax=100'],
  ])
  expect(filesBesideSlice(limits, true)).toEqual([['', 'hugetlb.2MB.max', '4096']])
  expect(filesBesideSlice(limits, false)).toEqual([['hugetlb', 'hugetlb.2MB.limit_in_bytes', '4096']])
})

test('readLimitsV2() takes a weight that is what is wanted for the shares that are wanted', async () => {
  const read = async (_controller: string, file: string): Promise<string> =>
    ({ 'cpu.max': 'max 100000', 'memory.max': 'max', 'cpu.weight': String(cpuWeight(1024)) })[file] ?? ''
  expect(await readLimitsV2(read, { cpuShares: 1024 })).toEqual({ cpuShares: 1024 })
  expect(await readLimitsV2(read, { cpuShares: 512 })).toEqual({ cpuShares: 998 })
})
