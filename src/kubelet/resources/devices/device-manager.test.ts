import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { silentLogger } from '../../../base/logger.ts'
import { maskOf } from '../topology/numa-mask.ts'
import { DeviceManager } from './device-manager.ts'
import type { AllocationCodec, Device, DeviceAllocation, DevicePlugin } from './device-plugin.ts'

const resource = 'example.com/gpu'
const codec: AllocationCodec = {
  encode: (allocation) => new TextEncoder().encode(JSON.stringify(allocation)),
  decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as DeviceAllocation,
}
const device = (id: string, nodes: readonly number[] = [], healthy = true): Device => ({ id, nodes, healthy })
const container = (name: string, count: number): core.v1.Container => ({
  name,
  resources: { limits: { [resource]: String(count) } },
})
const podOf = (uid: string, ...containers: readonly core.v1.Container[]): core.v1.Pod => ({
  metadata: { uid },
  spec: { containers },
})

function setUp(affinity?: readonly number[]) {
  const state: { text?: string; nowMs: number; preferred: readonly string[]; more?: Record<string, string> } =
    {
      ...{ nowMs: 0, preferred: [] },
    }
  const calls: string[] = []
  const plugin: DevicePlugin = {
    allocate: async (ids) => {
      calls.push(`allocate ${ids.join(' ')}`)
      return {
        envs: { IDS: ids.join(','), ...state.more },
        mounts: [],
        devices: [],
        annotations: {},
        cdiDevices: [],
      }
    },
    preferred: async (available, mustInclude, size) => {
      calls.push(`prefer ${size} of ${available.join(' ')} with ${mustInclude.join(' ')}`)
      return state.preferred
    },
    preStart: async (ids) => {
      calls.push(`start ${ids.join(' ')}`)
    },
  }
  const make = (): DeviceManager =>
    new DeviceManager({
      logger: silentLogger,
      now: () => state.nowMs,
      store: {
        load: async () => state.text,
        save: async (text) => {
          state.text = text
        },
      },
      codec,
      nodes: [0, 1],
      affinity: () => ({
        preferred: true,
        ...(affinity === undefined ? {} : { affinity: maskOf(affinity) }),
      }),
      onChange: () => {},
    })
  const manager = make()
  const connect = (
    devices: readonly Device[],
    options = { preStartRequired: false, getPreferredAllocationAvailable: false },
  ) => {
    manager.connected(resource, plugin, options)
    manager.listed(resource, devices)
  }
  return { manager, make, connect, state, calls, plugin }
}

test('a container gets as many devices as it asks for, and nobody else gets them', async () => {
  const { manager, connect, calls } = setUp()
  connect([device('a'), device('b'), device('c', [], false)])
  const first = podOf('u1', container('c', 1))
  await manager.allocate(first, container('c', 1))
  expect(await manager.prepare(first, container('c', 1))).toMatchObject([{ envs: { IDS: 'a' } }])
  await expect(manager.allocate(podOf('u2', container('c', 2)), container('c', 2))).rejects.toThrow(
    'requested number of devices unavailable for example.com/gpu. Requested: 2, Available: 1',
  )
  manager.release('u1')
  await manager.allocate(podOf('u2', container('c', 2)), container('c', 2))
  expect(calls).toEqual(['allocate a', 'allocate a b'])
})

test('what an init container had, those after it have again', async () => {
  const { manager, connect, calls } = setUp()
  connect([device('a'), device('b')])
  const [init, main] = [container('init', 2), container('main', 2)]
  const pod: core.v1.Pod = { metadata: { uid: 'u' }, spec: { initContainers: [init], containers: [main] } }
  await manager.allocate(pod, init)
  await manager.allocate(pod, main)
  expect(calls).toEqual(['allocate a b', 'allocate a b'])
})

test('a plugin may prefer some of those that are where they are wanted, and is told of starts', async () => {
  const { manager, connect, calls, state } = setUp([1])
  connect([device('a', [0]), device('b', [1]), device('c', [1])], {
    preStartRequired: true,
    getPreferredAllocationAvailable: true,
  })
  state.preferred = ['c']
  const own = container('c', 1)
  await manager.allocate(podOf('u', own), own)
  await manager.prepare(podOf('u', own), own)
  expect(calls).toEqual(['prefer 1 of b c with ', 'allocate c', 'start c'])
})

test('the capacity of a plugin that is gone stays for five minutes', () => {
  const { manager, connect, state, plugin } = setUp()
  connect([device('a'), device('b', [], false)])
  expect(manager.amounts()).toEqual({ capacity: { [resource]: '2' }, allocatable: { [resource]: '1' } })
  manager.disconnected(resource, plugin)
  expect(manager.amounts()).toEqual({ capacity: { [resource]: '2' }, allocatable: { [resource]: '0' } })
  state.nowMs = 300_001
  expect(manager.amounts()).toEqual({ capacity: { [resource]: '0' }, allocatable: { [resource]: '0' } })
  expect(manager.amounts()).toEqual({ capacity: {}, allocatable: {} })
})

test('the next agent knows who has what, and gives nothing out until the plugin has come again', async () => {
  const { manager, make, connect, calls } = setUp()
  connect([device('a', [1])])
  const own = container('c', 1)
  await manager.allocate(podOf('u', own), own)
  const next = make()
  await next.load()
  expect(next.amounts()).toEqual({ capacity: { [resource]: '0' }, allocatable: { [resource]: '0' } })
  expect(next.devicesOf('u', 'c').get(resource)).toEqual([{ id: 'a', healthy: true, nodes: [1] }])
  expect(await next.prepare(podOf('u', own), own)).toMatchObject([{ envs: { IDS: 'a' } }])
  expect(next.atLeastAllocated('u', { cpu: '1' })).toEqual({ cpu: '1', [resource]: '1' })
  await expect(next.allocate(podOf('v', own), own)).rejects.toThrow(
    `no healthy devices present; cannot allocate unhealthy devices ${resource}`,
  )
  next.keepOnly(new Set())
  expect(next.devicesOf('u', 'c').size).toBe(0)
  expect(calls).toEqual(['allocate a'])
})

test('what a plugin answers at length is kept, too', async () => {
  const { manager, make, connect, state } = setUp()
  connect([device('a')])
  const own = container('c', 1)
  state.more = { LONG: 'x'.repeat(1_000_000) }
  await manager.allocate(podOf('u', own), own)
  const next = make()
  await next.load()
  expect(await next.prepare(podOf('u', own), own)).toMatchObject([{ envs: state.more }])
})

test('hints() prefers the least NUMA nodes that have enough devices', () => {
  const { manager, connect } = setUp()
  connect([device('a', [0]), device('b', [1]), device('c', [1])])
  const hints = (count: number) =>
    manager
      .hints(podOf('u'), container('c', count))
      .get(resource)
      ?.map(({ affinity, preferred }) => [affinity, preferred])
  expect(hints(1)).toEqual([
    [maskOf([0]), true],
    [maskOf([1]), true],
    [maskOf([0, 1]), false],
  ])
  expect(hints(2)).toEqual([
    [maskOf([1]), true],
    [maskOf([0, 1]), false],
  ])
  expect(hints(4)).toEqual([])
  connect([device('a')])
  expect(manager.hints(podOf('u'), container('c', 1))).toEqual(new Map([[resource, undefined]]))
})
