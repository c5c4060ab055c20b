import { expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { silentLogger } from '../../base/logger.ts'
import { testHost } from '../../client/testing/test-host.ts'
import type { CgroupLimits } from '../pod/runtime-config/pod-cgroup.ts'
import { noManagers } from '../resources/resource-managers.ts'
import { RuntimeError } from '../runtime/runtime.ts'
import { observedContainer } from '../testing/observed-container.ts'
import { testMachine } from '../testing/test-machine.ts'
import { AllocationManager } from './allocation-manager.ts'
import { computeAmounts, resourcesOf } from './granted-resources.ts'
import { type ContainerResize, containerResize } from './resize-actions.ts'
import { resizeGroup } from './resize-group.ts'
import { groupLags, type ResizeContext, resizePod } from './resize-pod.ts'
import { SavedGrants } from './saved-grants.ts'

type Resources = core.v1.ResourceRequirements

const both = (cpu: string, memory: string): Resources => ({
  requests: { cpu, memory },
  limits: { cpu, memory },
})

/** Resizes a pod's containers; what was done, in order. `usedBytes` by each. */
async function done(
  from: readonly Resources[],
  to: readonly Resources[],
  current: CgroupLimits,
  usedBytes: number | 'gone' = 0,
): Promise<readonly string[]> {
  const calls: string[] = []
  const containers = to.map((resources, index) => ({ name: `c${index}`, resources }))
  const pod: core.v1.Pod = { metadata: { uid: 'u', name: 'p', namespace: 'ns' }, spec: { containers } }
  const observed = from.map((resources, index) =>
    observedContainer({ id: `id${index}`, name: `c${index}`, amounts: computeAmounts(resources) }),
  )
  const allocations = new AllocationManager({
    ...{ host: testHost(), logger: silentLogger, events: { event: () => {} } },
    ...{ saved: new SavedGrants(undefined), admit: () => undefined, onChange: () => {} },
  })
  allocations.begin(pod, resourcesOf(pod))
  const context: ResizeContext = {
    allocations,
    cgroups: {
      limits: () => current,
      resize: async (_pod, limits) => void calls.push(`group ${JSON.stringify(limits)}`),
    },
    runtime: {
      containerStats: async (id) => {
        if (usedBytes === 'gone') throw new RuntimeError('NotFound', `no container ${id}`)
        return { memory: { timestamp: 0, usageBytes: { value: usedBytes } } }
      },
      updateContainerResources: async (id, { cpuShares, cpuQuota, memoryLimitInBytes }) =>
        void calls.push(`${id} ${cpuShares} ${cpuQuota} ${memoryLimitInBytes}`),
      updatePodSandboxResources: async () => {},
    },
    managers: noManagers,
    facts: () => ({
      machine: { ...testMachine, memoryBytes: 2 ** 34, cgroupV2: true },
    }),
  }
  const resizes = containers.flatMap((container, index): readonly ContainerResize[] => {
    const running = observed[index]
    const resize = running && containerResize(pod, container, running)
    return resize === undefined || resize === 'restart' ? [] : [resize]
  })
  const resize = { containers: resizes, whole: false }
  await resizePod(context, { pod, observed: { sandboxes: [], containers: observed, podIps: [] }, resize })
  return calls
}

const group = (cpu: number, memoryBytes: number): CgroupLimits => ({
  cpuShares: Math.floor((cpu * 1024) / 1000),
  cpuQuotaUs: cpu * 100,
  cpuPeriodUs: 100_000,
  memoryBytes,
})
const mib = 2 ** 20

test('resizePod() makes room in the group first, and takes from those that shrink before it gives', async () => {
  const calls = await done(
    [both('100m', '10Mi'), both('100m', '10Mi')],
    [both('300m', '30Mi'), both('50m', '5Mi')],
    group(200, 20 * mib),
  )
  expect(calls).toEqual([
    `group {"memoryBytes":${35 * mib}}`,
    `id1 102 10000 ${5 * mib}`,
    `id0 102 10000 ${30 * mib}`,
    'group {"cpuQuotaUs":35000,"cpuPeriodUs":100000}',
    'group {"cpuShares":358}',
    `id1 51 5000 ${5 * mib}`,
    `id0 307 30000 ${30 * mib}`,
  ])
})

test('resizePod() makes the group smaller last, its request before its limit', async () => {
  const calls = await done(
    [both('200m', '20Mi'), both('100m', '10Mi')],
    [both('100m', '20Mi'), both('100m', '10Mi')],
    group(300, 30 * mib),
  )
  expect(calls).toEqual([
    `id0 102 10000 ${20 * mib}`,
    'group {"cpuShares":204}',
    'group {"cpuQuotaUs":20000,"cpuPeriodUs":100000}',
  ])
})

test('resizePod() takes no memory that is used', async () => {
  const smaller = done([both('100m', '40Mi')], [both('100m', '20Mi')], group(100, 40 * mib), 30 * mib)
  await expect(smaller).rejects.toThrow(
    `cannot decrease memory limits: [attempting to set pod memory limit (${20 * mib}) below current usage (${30 * mib}), attempting to set container "c0" memory limit (${20 * mib}) below current usage (${30 * mib})]`,
  )
})

test('resizePod() asks nothing of a container that is gone', async () => {
  const calls = await done([both('100m', '40Mi')], [both('100m', '20Mi')], group(100, 40 * mib), 'gone')
  expect(calls).toEqual([`id0 102 10000 ${20 * mib}`, `group {"memoryBytes":${20 * mib}}`])
})

test('groupLags() while a group is not held to what its pod was granted', () => {
  const pod: core.v1.Pod = { spec: { containers: [{ name: 'c', resources: both('100m', '20Mi') }] } }
  const lags = (limits: CgroupLimits | undefined) =>
    groupLags(
      {
        cgroups: { limits: () => limits, resize: async () => {} },
        managers: noManagers,
        facts: () => ({ machine: testMachine }),
      },
      pod,
    )
  expect([group(100, 20 * mib), group(100, 10 * mib), group(50, 20 * mib), undefined].map(lags)).toEqual([
    false,
    true,
    true,
    false,
  ])
})

test('resizeGroup() tells the runtime first, takes it back where the group stays, and minds no runtime that knows nothing of it', async () => {
  const told: unknown[] = []
  const pod: core.v1.Pod = { spec: { containers: [], overhead: { cpu: '100m', memory: '10Mi' } } }
  const resize = (fails: boolean, runtimeError?: RuntimeError) =>
    resizeGroup(
      {
        cgroups: {
          resize: async () => {
            if (fails) throw new Error('busy')
          },
        },
        runtime: {
          updatePodSandboxResources: async (...call) => {
            if (runtimeError !== undefined) throw runtimeError
            told.push(call)
          },
        },
      },
      pod,
      'sandbox',
      group(1000, 100 * mib),
      { memoryBytes: 50 * mib },
    )
  expect(await resize(false)).toEqual(group(1000, 50 * mib))
  const overhead = { cpuShares: 102, cpuPeriod: 100_000, cpuQuota: 10_000, memoryLimitInBytes: 10 * mib }
  const own = { cpuShares: 921, cpuPeriod: 100_000, cpuQuota: 90_000 }
  expect(told.splice(0)).toEqual([['sandbox', overhead, { ...own, memoryLimitInBytes: 40 * mib }]])
  await expect(resize(true)).rejects.toThrow('busy')
  expect(told).toEqual([
    ['sandbox', overhead, { ...own, memoryLimitInBytes: 40 * mib }],
    ['sandbox', overhead, { ...own, memoryLimitInBytes: 90 * mib }],
  ])
  await resize(false, new RuntimeError('Unimplemented', 'unknown method'))
  await expect(resize(false, new RuntimeError('Unknown', 'too small'))).rejects.toThrow('too small')
})
