import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { testMachine } from '../../testing/test-machine.ts'
import { containerResources } from './container-resources.ts'
import { classMemoryQuality } from './memory-quality.ts'
import { podCgroupLimits } from './pod-cgroup.ts'
import type { MachineLimits, ResourceRules } from './resource-rules.ts'

type Resources = core.v1.ResourceRequirements

const mebibyte = 1024 ** 2
const gibibyte = 1024 ** 3
const machine = (rules: ResourceRules, more: Partial<MachineLimits> = {}): MachineLimits => ({
  ...testMachine,
  ...{ memoryBytes: 16 * gibibyte, podMemoryBytes: 12 * gibibyte, swapBytes: 4 * gibibyte },
  ...{ cgroupV2: true, swapAccounting: true, rules },
  ...more,
})
const memory = (request?: string, limit?: string): Resources => ({
  ...(request === undefined ? {} : { requests: { memory: request } }),
  ...(limit === undefined ? {} : { limits: { memory: limit } }),
})
const podOf = (resources: Resources, more: Partial<core.v1.PodSpec> = {}): core.v1.Pod => ({
  metadata: { uid: 'u' },
  spec: { containers: [{ name: 'c', resources }], ...more },
})
const told = (pod: core.v1.Pod, on: MachineLimits) =>
  containerResources(pod, pod.spec?.containers[0] ?? { name: '' }, on)

test.each<[string, core.v1.Pod, string]>([
  ['a share of what it requests', podOf(memory('4Gi', '8Gi')), String(gibibyte)],
  ['nothing without a request', podOf({ requests: { cpu: '1' } }), '0'],
  ['nothing where it requests all that it may have', podOf(memory('4Gi', '4Gi')), '0'],
  ['nothing where it is critical', podOf(memory('4Gi', '8Gi'), { priority: 2_000_000_000 }), '0'],
  ['nothing where nothing is asked for', podOf({}), '0'],
])('of limited swap a container has %s', (_what, pod, swap) => {
  expect(told(pod, machine({ swap: 'LimitedSwap' })).unified).toMatchObject({ 'memory.swap.max': swap })
})

test('no container swaps by default; in version 1 the limit of both is that of memory', () => {
  const pod = podOf(memory('4Gi', '8Gi'))
  expect(told(pod, machine({})).unified).toMatchObject({ 'memory.swap.max': '0' })
  expect(told(pod, machine({}, { cgroupV2: false }))).toMatchObject({ memorySwapLimitInBytes: 8 * gibibyte })
  expect(told(pod, machine({}, { swapAccounting: false })).unified).toEqual({ 'memory.oom.group': '1' })
  expect(told(pod, machine({ killsSingleProcess: true }, { swapAccounting: false })).unified).toBeUndefined()
})

const quality = (reserves: boolean): ResourceRules => ({ memoryQuality: { throttlingFactor: 0.9, reserves } })

test.each<[string, Resources, boolean, Record<string, string>]>([
  [
    'between request and limit',
    memory('100Mi', '200Mi'),
    true,
    { 'memory.low': String(100 * mebibyte), 'memory.high': String(190 * mebibyte) },
  ],
  [
    'between request and what pods may have',
    memory('2Gi'),
    false,
    { 'memory.min': '0', 'memory.low': '0', 'memory.high': String(11 * gibibyte) },
  ],
])('memory is slowed down %s', (_what, resources, reserves, expected) => {
  const { unified } = told(podOf(resources), machine(quality(reserves), { swapAccounting: false }))
  expect(unified).toEqual({ 'memory.oom.group': '1', ...expected })
})

test('what guaranteed pods request is never reclaimed, and rather not what others request', () => {
  const both = { cpu: '1', memory: '1Gi' }
  const guaranteed = podOf({ requests: both, limits: both })
  expect(told(guaranteed, machine(quality(true))).unified).toMatchObject({ 'memory.min': String(gibibyte) })
  expect(podCgroupLimits(guaranteed, machine(quality(true))).unified).toEqual({
    'memory.min': String(gibibyte),
  })
  expect(podCgroupLimits(podOf(memory('1Gi')), machine(quality(true))).unified).toEqual({
    'memory.low': String(gibibyte),
  })
  expect(podCgroupLimits(guaranteed, machine(quality(false))).unified).toBeUndefined()
  expect(classMemoryQuality({ guaranteed: 1, burstable: 2 }, machine(quality(true)))).toEqual({
    all: { 'memory.min': '3' },
    burstable: { 'memory.low': '2' },
  })
})

test('a pod has its processes, its huge pages and none of other sizes, and a period of its own', () => {
  const pages = { 'hugepages-2Mi': '4Mi', cpu: '500m', memory: '64Mi' }
  const pod = podOf({ requests: pages, limits: pages })
  const on = machine({ podPids: 100, cpuPeriodUs: 10_000 }, { hugepageSizes: ['2MB', '1GB'] })
  expect(podCgroupLimits(pod, on)).toMatchObject({
    ...{ pids: 100, cpuQuotaUs: 5_000, cpuPeriodUs: 10_000 },
    hugepages: { '2MB': 4 * mebibyte, '1GB': 0 },
  })
  expect(told(pod, on)).toMatchObject({
    ...{ cpuQuota: 5_000, cpuPeriod: 10_000 },
    hugepageLimits: [
      { pageSize: '2MB', limit: 4 * mebibyte },
      { pageSize: '1GB', limit: 0 },
    ],
  })
  const free = machine({ enforcesCpuLimits: false })
  expect(told(pod, free).cpuQuota).toBeUndefined()
  expect(podCgroupLimits(pod, free).cpuQuotaUs).toBeUndefined()
})
