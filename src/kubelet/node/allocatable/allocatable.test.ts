import { expect, test } from 'vitest'
import { testHost } from '../../../client/testing/test-host.ts'
import type { CgroupLimits } from '../../pod/runtime-config/pod-cgroup.ts'
import { testMachine } from '../../testing/test-machine.ts'
import { enforceAllocatable } from './enforce-allocatable.ts'
import { capacityLess, whyNotReserved } from './node-allocatable.ts'
import { checkReservations, type NodeReservations, noReservations, parseReserved } from './reservations.ts'

const capacity = { cpu: '8', memory: '32Gi', 'ephemeral-storage': '100Gi', pid: '1000' }

test('capacityLess() takes what is kept in the format of what there is, and never goes below nothing', () => {
  expect(capacityLess(capacity, { cpu: '500m', memory: '1Gi' }, { cpu: '1', memory: '100Mi' })).toEqual({
    ...capacity,
    cpu: '6500m',
    memory: '31644Mi',
  })
  expect(capacityLess({ cpu: '1' }, { cpu: '2' })).toEqual({ cpu: '0' })
})

test('whyNotReserved() names each resource that there is less of than is kept', () => {
  expect(whyNotReserved(capacity, { cpu: '4' }, { cpu: '4' })).toBeUndefined()
  expect(whyNotReserved(capacity, { cpu: '4' }, { cpu: '5' })).toBe(
    'invalid Node Allocatable configuration. Resource "cpu" has a reservation of 9 but capacity of 8. Expected capacity >= reservation.',
  )
})

test.each([
  [{ gpu: '1' }, 'cannot reserve "gpu" resource'],
  [{ cpu: '-1' }, 'resource quantity for "cpu" cannot be negative: -1'],
  [{ memory: 'much' }, 'failed to parse quantity "much" for "memory" resource: '],
])('parseReserved(%o) throws', (given, message) => {
  expect(() => parseReserved(new Map(Object.entries(given)))).toThrow(message)
})

const setting = 'enforceNodeAllocatable (--enforce-node-allocatable)'
test.each<[Partial<NodeReservations>, string]>([
  [
    { enforced: ['pods', 'kube-reserved'] },
    `kubeReservedCgroup (--kube-reserved-cgroup) must be specified when "kube-reserved" or "kube-reserved-compressible" included in ${setting}`,
  ],
  [
    { enforced: ['system-reserved', 'system-reserved-compressible'], systemGroup: '/s' },
    `both "system-reserved-compressible" and "system-reserved" cannot be specified together in ${setting}`,
  ],
  [{ enforced: ['pods', 'pods'] }, `duplicated enforcements "pods" in ${setting}`],
  [
    { enforced: ['pods', 'none'] },
    `${setting} may not contain additional enforcements when "none" is specified`,
  ],
  [
    { enforced: ['all'] },
    `option "all" specified for ${setting}. Valid options are "pods", "system-reserved", "system-reserved-compressible", "kube-reserved", "kube-reserved-compressible" or "none"`,
  ],
])('checkReservations() (%#) throws', (given, message) => {
  expect(() => checkReservations({ ...noReservations, ...given })).toThrow(
    `invalid configuration: ${message}`,
  )
})

function setUp(reservations: Partial<NodeReservations>, fails: { times: number } = { times: 0 }) {
  const host = testHost()
  const events: string[] = []
  const held: [string, Partial<CgroupLimits>][] = []
  const hold = async (name: string, limits: Partial<CgroupLimits>): Promise<void> => {
    if (fails.times-- > 0) throw new Error('busy')
    held.push([name, limits])
  }
  const enforced = enforceAllocatable({
    host,
    nodeEvent: (_type, reason, message) => void events.push(`${reason}: ${message}`),
    cgroups: { rootName: '/kubepods', start: (limits) => hold('', limits), hold },
    reservations: { ...noReservations, ...reservations },
    capacity: { cpu: '8', memory: '1Gi', pid: '1000' },
    machine: testMachine,
    signal: new AbortController().signal,
  })
  return { host, events, held, enforced }
}
const gibibyte = 1024 ** 3

test('enforceAllocatable() holds all pods to what is not kept', async () => {
  const { enforced, held, events } = setUp({ system: { cpu: '1', memory: '512Mi' }, kube: { pid: '100' } })
  await enforced
  expect(held).toEqual([['', { cpuShares: 7 * 1024, memoryBytes: gibibyte / 2, pids: 900 }]])
  expect(events).toEqual(['NodeAllocatableEnforced: Updated Node Allocatable limit across pods'])
})

test('enforceAllocatable() holds groups of others to what is kept for them', async () => {
  const { enforced, held, events } = setUp({
    enforced: ['system-reserved-compressible', 'kube-reserved'],
    system: { cpu: '1', memory: '512Mi' },
    kube: { cpu: '500m', memory: '256Mi' },
    systemGroup: '/system',
    kubeGroup: '/kube',
  })
  await enforced
  expect(held).toEqual([
    ['', { cpuShares: 8 * 1024, memoryBytes: gibibyte, pids: 1000 }],
    ['/system', { cpuShares: 1024 }],
    ['/kube', { cpuShares: 512, memoryBytes: gibibyte / 4 }],
  ])
  expect(events.slice(1)).toEqual([
    'NodeAllocatableEnforced: Updated limits on system reserved cgroup /system',
    'NodeAllocatableEnforced: Updated limits on kube reserved cgroup /kube',
  ])
})

test('enforceAllocatable() tries again each minute where pods use more than their part', async () => {
  const { host, enforced, events } = setUp({}, { times: 2 })
  await enforced
  await host.advance(59_000)
  expect(events).toEqual([
    'FailedNodeAllocatableEnforcement: Failed to update Node Allocatable Limits "/kubepods": busy',
  ])
  await host.advance(120_000)
  expect(events.map((text) => text.split(':')[0])).toEqual([
    'FailedNodeAllocatableEnforcement',
    'FailedNodeAllocatableEnforcement',
    'NodeAllocatableEnforced',
  ])
})

test('enforceAllocatable() rejects where the group of others cannot be held', async () => {
  const { enforced } = setUp({ enforced: ['kube-reserved'], kubeGroup: '/kube' }, { times: 2 })
  await expect(enforced).rejects.toThrow('Failed to enforce Kube Reserved Cgroup Limits on "/kube": busy')
})
