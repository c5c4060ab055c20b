import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { testMachine as machine } from '../../testing/test-machine.ts'
import { containerResources, cpuQuota, cpuShares, oomScore } from './container-resources.ts'
import { cgroupDirectory, cgroupName, podCgroupLimits, podCgroupPath, podLimit } from './pod-cgroup.ts'

type Pod = core.v1.Pod

const podWith = (...resources: readonly (core.v1.ResourceRequirements | undefined)[]): Pod => ({
  metadata: { name: 'pod', namespace: 'ns', uid: 'u-1' },
  spec: {
    containers: resources.map((own, index) => ({
      name: `c${index}`,
      ...(own === undefined ? {} : { resources: own }),
    })),
  },
})
const amounts = (cpu: string, memory: string): Record<string, string> => ({ cpu, memory })

test('cpuShares() and cpuQuota() follow the kernel', () => {
  expect([0, 1, 250, 1000, 300_000].map(cpuShares)).toEqual([2, 2, 256, 1024, 262_144])
  expect([0, 1, 250, 2000].map((milli) => cpuQuota(milli))).toEqual([0, 1000, 25_000, 200_000])
})

test('containerResources() takes the request for shares and the limit for quota and memory', () => {
  const pod = podWith({ limits: amounts('2', '128Mi'), requests: amounts('500m', '64Mi') })
  expect(containerResources(pod, pod.spec?.containers[0] ?? { name: '' }, machine)).toMatchObject({
    cpuShares: 512,
    cpuQuota: 200_000,
    cpuPeriod: 100_000,
    memoryLimitInBytes: 134_217_728,
  })
})

test('oomScore() spares those that asked for their memory', () => {
  const score = (pod: Pod): number =>
    oomScore(pod, pod.spec?.containers[0] ?? { name: '' }, machine.memoryBytes)
  expect(score(podWith(undefined))).toBe(1000)
  const guaranteed = { limits: amounts('1', '1Gi'), requests: amounts('1', '1Gi') }
  expect(score(podWith(guaranteed))).toBe(-997)
  expect(score(podWith({ requests: { memory: '4Gi' } }))).toBe(500)
  expect(score(podWith({ requests: { memory: '8Gi' } }))).toBe(3)
  expect(score(podWith({ requests: { memory: '1' } }))).toBe(999)
})

test('podCgroupPath() and cgroupName() nest by class of service', () => {
  expect(cgroupName(podCgroupPath('a-b', 'Guaranteed'), 'cgroupfs')).toBe('/kubepods/poda-b')
  expect(cgroupName(podCgroupPath('a-b', 'Burstable'), 'systemd')).toBe('kubepods-burstable-poda_b.slice')
  expect(cgroupDirectory(podCgroupPath('a-b', 'BestEffort'), 'systemd')).toBe(
    'kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-poda_b.slice',
  )
})

test('podCgroupLimits() limits what every container limits', () => {
  const both = podWith({ limits: amounts('1', '1Gi') }, { limits: amounts('500m', '1Gi') })
  expect(podCgroupLimits(both, machine)).toMatchObject({
    cpuQuotaUs: 150_000,
    cpuPeriodUs: 100_000,
    memoryBytes: 2 * 1024 ** 3,
  })
  expect(podLimit(podWith({ limits: amounts('1', '1Gi') }, undefined), 'memory')).toBe(0)
  expect(podCgroupLimits(podWith(undefined), machine)).toEqual({ cpuShares: 2 })
})
