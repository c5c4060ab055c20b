import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { testMachine } from '../../testing/test-machine.ts'
import { cpuWeight } from './cgroup-files.ts'
import { Cgroups } from './cgroups.ts'

let mountPoint: string

beforeEach(() => {
  mountPoint = mkdtempSync(join(tmpdir(), 'timonel-cgroups-'))
})

afterEach(() => rmSync(mountPoint, { recursive: true }))

/** A group as the kernel makes it: what it may hand on, and what it does. */
function group(...path: readonly string[]): string {
  const directory = join(mountPoint, ...path)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'cgroup.controllers'), 'cpuset cpu io memory pids\n')
  writeFileSync(join(directory, 'cgroup.subtree_control'), 'cpu\n')
  return directory
}

const pod: core.v1.Pod = {
  metadata: { uid: 'u-1' },
  spec: {
    containers: [
      {
        name: 'c',
        resources: { requests: { cpu: '500m' }, limits: { cpu: '1', memory: '64Mi' } },
      },
    ],
  },
}

const openNode = (machine = testMachine): Promise<Cgroups> =>
  Cgroups.open({ prefix: ['node'], driver: 'cgroupfs', machine, mountPoint })

test('in version 2 a pod has a weight, a quota and a limit, and its parents hand their controllers on', async () => {
  for (const path of [[], ['node'], ['node', 'kubepods'], ['node', 'kubepods', 'burstable']]) group(...path)
  const cgroups = await openNode()
  await cgroups.ensure(pod)
  const read = (...path: readonly string[]): string =>
    readFileSync(join(mountPoint, 'node', 'kubepods', 'burstable', ...path), 'utf8')
  expect(cgroups.parent(pod)).toBe('/node/kubepods/burstable/podu-1')
  expect(read('podu-1', 'cpu.weight')).toBe(String(cpuWeight(512)))
  expect(read('podu-1', 'cpu.max')).toBe('100000 100000')
  expect(read('podu-1', 'memory.max')).toBe(String(64 * 1024 * 1024))
  expect(read('cpu.weight')).toBe(String(cpuWeight(512)))
  expect(read('cgroup.subtree_control')).toBe('+memory +pids +cpuset +io')
})

test('in version 1 limits are in the hierarchies of their controllers', async () => {
  for (const controller of ['cpu', 'memory', 'pids']) mkdirSync(join(mountPoint, controller))
  const cgroups = await openNode()
  await cgroups.ensure(pod)
  const read = (controller: string, file: string): string =>
    readFileSync(join(mountPoint, controller, 'node/kubepods/burstable/podu-1', file), 'utf8')
  expect(read('cpu', 'cpu.shares')).toBe('512')
  expect(read('cpu', 'cpu.cfs_quota_us')).toBe('100000')
  expect(read('memory', 'memory.limit_in_bytes')).toBe(String(64 * 1024 * 1024))
  expect(existsSync(join(mountPoint, 'pids/node/kubepods/burstable/podu-1'))).toBe(true)
})

test.each(['v1', 'v2'])(
  'in %s a group that was there keeps its limits until it is resized',
  async (version) => {
    if (version === 'v1') for (const controller of ['cpu', 'memory']) mkdirSync(join(mountPoint, controller))
    else
      for (const path of [[], ['node'], ['node', 'kubepods'], ['node', 'kubepods', 'burstable']])
        group(...path)
    await (await openNode()).ensure(pod)
    const cgroups = await openNode()
    const [container] = pod.spec?.containers ?? []
    const resources = { requests: { cpu: '500m' }, limits: { cpu: '2', memory: '128Mi' } }
    const larger = { ...pod, spec: { containers: [{ name: 'c', ...container, resources }] } }
    await cgroups.ensure(larger)
    expect(cgroups.limits('u-1')).toMatchObject({ cpuQuotaUs: 100_000, memoryBytes: 64 * 1024 ** 2 })
    await cgroups.resize(larger, { memoryBytes: 128 * 1024 ** 2 })
    expect(cgroups.limits('u-1')).toMatchObject({ cpuQuotaUs: 100_000, memoryBytes: 128 * 1024 ** 2 })
    const file = version === 'v1' ? ['memory', 'memory.limit_in_bytes'] : ['', 'memory.max']
    const path = join(mountPoint, file[0] ?? '', 'node/kubepods/burstable/podu-1', file[1] ?? '')
    expect(readFileSync(path, 'utf8')).toBe(String(128 * 1024 ** 2))
    await cgroups.remove('u-1').catch(() => {})
    expect(cgroups.limits('u-1')).toBeUndefined()
  },
)

test('start() makes the groups of all pods and of the classes, whose huge pages are not limited', async () => {
  for (const controller of ['cpu', 'memory', 'pids', 'hugetlb']) mkdirSync(join(mountPoint, controller))
  const machine = { ...testMachine, hugepageSizes: ['2MB'] }
  const cgroups = await openNode(machine)
  await cgroups.start({ cpuShares: 2048, memoryBytes: 4096, pids: 100, hugepages: { '2MB': 1024 } })
  await cgroups.ensure(pod)
  const read = (controller: string, file: string): string =>
    readFileSync(join(mountPoint, controller, 'node/kubepods', file), 'utf8')
  expect(read('cpu', 'cpu.shares')).toBe('2048')
  expect(read('memory', 'memory.limit_in_bytes')).toBe('4096')
  expect(read('pids', 'pids.max')).toBe('100')
  expect(read('hugetlb', 'hugetlb.2MB.limit_in_bytes')).toBe('1024')
  expect(read('cpu', 'besteffort/cpu.shares')).toBe('2')
  expect(read('hugetlb', 'burstable/hugetlb.2MB.limit_in_bytes')).toBe(String(2 ** 62))
  expect(read('hugetlb', 'burstable/podu-1/hugetlb.2MB.limit_in_bytes')).toBe('0')
})

test('hold() holds a group that is there', async () => {
  for (const controller of ['cpu', 'memory']) mkdirSync(join(mountPoint, controller))
  mkdirSync(join(mountPoint, 'cpu', 'system'))
  const cgroups = await Cgroups.open({ prefix: [], driver: 'cgroupfs', mountPoint })
  await expect(cgroups.hold('/system', { cpuShares: 512 })).rejects.toThrow(
    `cgroup ["system"] has some missing paths: ${join(mountPoint, 'memory', 'system')}`,
  )
  mkdirSync(join(mountPoint, 'memory', 'system'))
  await cgroups.hold('/system', { cpuShares: 512 })
  expect(readFileSync(join(mountPoint, 'cpu/system/cpu.shares'), 'utf8')).toBe('512')
})

test('with memory quality the groups above a pod protect what all pods request', async () => {
  for (const path of [[], ['kubepods'], ['kubepods', 'burstable'], ['kubepods', 'besteffort']]) group(...path)
  const rules = { memoryQuality: { throttlingFactor: 0.9, reserves: true } }
  const machine = { ...testMachine, cgroupV2: true, rules }
  const cgroups = await Cgroups.open({ prefix: [], driver: 'cgroupfs', machine, mountPoint })
  await cgroups.start({})
  const amounts = { cpu: '1', memory: '64Mi' }
  const resources = { requests: amounts, limits: amounts }
  await cgroups.ensure({ metadata: { uid: 'u-2' }, spec: { containers: [{ name: 'c', resources }] } })
  const read = (...path: readonly string[]): string =>
    readFileSync(join(mountPoint, 'kubepods', ...path), 'utf8')
  expect(read('memory.min')).toBe(String(64 * 1024 ** 2))
  expect(read('burstable', 'memory.low')).toBe('0')
  expect(read('podu-2', 'memory.min')).toBe(String(64 * 1024 ** 2))
})
