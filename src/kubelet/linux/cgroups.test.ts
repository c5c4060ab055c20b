import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
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

test('in version 2 a pod has a weight, a quota and a limit, and its parents hand their controllers on', async () => {
  for (const path of [[], ['node'], ['node', 'kubepods'], ['node', 'kubepods', 'burstable']]) group(...path)
  const cgroups = await Cgroups.open({ prefix: ['node'], driver: 'cgroupfs', mountPoint })
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
  const cgroups = await Cgroups.open({ prefix: ['node'], driver: 'cgroupfs', mountPoint })
  await cgroups.ensure(pod)
  const read = (controller: string, file: string): string =>
    readFileSync(join(mountPoint, controller, 'node/kubepods/burstable/podu-1', file), 'utf8')
  expect(read('cpu', 'cpu.shares')).toBe('512')
  expect(read('cpu', 'cpu.cfs_quota_us')).toBe('100000')
  expect(read('memory', 'memory.limit_in_bytes')).toBe(String(64 * 1024 * 1024))
  expect(existsSync(join(mountPoint, 'pids/node/kubepods/burstable/podu-1'))).toBe(true)
})
