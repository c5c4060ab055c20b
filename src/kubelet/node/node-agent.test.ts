import { expect, test } from 'vitest'
import { Node as nodeKind } from '../../api/core/node/kind.ts'
import { canonicalQuantity } from '../../apimachinery/quantity.ts'
import { silentLogger } from '../../base/logger.ts'
import { createClient } from '../../client/create-client.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import type { PressureCondition } from '../eviction/thresholds.ts'
import { SimulatedRuntime } from '../runtime/simulated/simulated-runtime.ts'
import type { Machine } from './machine.ts'
import { NodeAgent } from './node-agent.ts'
import type { NodeTuning } from './node-object.ts'

const gibibyte = 1024 ** 3

const machine: Machine = {
  info: async () => ({
    ...{ hostname: 'n1', machineId: 'm', systemUuid: 's', bootId: 'b', kernelVersion: '6', osImage: 'Linux' },
    ...{ operatingSystem: 'linux', architecture: 'amd64', cpuCount: 2, memoryBytes: gibibyte, swapBytes: 0 },
    ...{
      pageBytes: 4096,
      maxPids: 0,
      hugepages: new Map(),
      cgroupV2: true,
      swapAccounting: false,
      appArmor: false,
      addresses: ['10.0.0.1'],
    },
  }),
  state: async () => ({
    availableMemoryBytes: gibibyte,
    nodeFs: { bytes: 1000, availableBytes: 900, inodes: 0, freeInodes: 0 },
  }),
}

function setUp(tuning: NodeTuning) {
  const host = testHost()
  const api = new FakeApi(host)
  const client = createClient(api)
  const settings = { nodeName: 'n1', labels: {}, taints: [], maxPods: 5, port: 0, version: 'v1.36.0' }
  const told: string[] = []
  const pressing = new Set<PressureCondition>()
  const agent = new NodeAgent({
    ...{ client, host, machine, logger: silentLogger },
    nodeEvent: (type, reason, message) => void told.push(`${type} ${reason}: ${message}`),
    runtime: new SimulatedRuntime({ host }),
    settings: { ...settings, ...tuning },
    onNetworkChange: () => {},
    pressing: () => pressing,
    extended: () => ({ capacity: {}, allocatable: {} }),
    shutdownError: () => undefined,
  })
  return { host, api, agent, told, pressing, nodes: client.resource(nodeKind) }
}

test('a node that is not to be registered is waited for, and then has its status', async () => {
  const { host, agent, nodes } = setUp({ register: false })
  const starting = agent.start()
  await host.advance(60_000)
  expect((await nodes.list()).items).toEqual([])
  await nodes.create({ metadata: { name: 'n1' } })
  await host.advance(60_000)
  await starting
  expect((await nodes.get('', 'n1')).status?.capacity?.['pods']).toBe('5')
  await agent.stop()
})

test('pods have the addresses of the configuration until the node says which', async () => {
  const { host, agent } = setUp({ podCidr: '10.1.0.0/24' })
  const starting = agent.start()
  await host.advance(10_000)
  await starting
  expect(agent.networkError).toBeUndefined()
  await agent.stop()
})

test('a status that stays the same is written as often as it is told to', async () => {
  const { host, api, agent } = setUp({ podCidr: '10.1.0.0/24', statusEveryMs: 2_000, reportEveryMs: 20_000 })
  void agent.start()
  await host.advance(10_000)
  const patches = () => api.requests.filter(({ method }) => method === 'PATCH').length
  const before = patches()
  await host.advance(60_000)
  expect(patches() - before).toBe(3)
  await agent.stop()
})

test('a node that was registered before the machine was booted says that it was booted', async () => {
  const { host, agent, told, nodes } = setUp({ podCidr: '10.1.0.0/24' })
  void agent.start()
  await host.advance(10_000)
  expect(told.filter((text) => text.includes('Rebooted'))).toEqual([])
  const older = { status: { nodeInfo: { bootID: 'older' } } }
  await nodes.patch('', 'n1', 'application/merge-patch+json', older, { subresource: 'status' })
  agent.see(await nodes.get('', 'n1'))
  await host.advance(60_000)
  expect(told.filter((text) => text.includes('Rebooted'))).toEqual([
    'Warning Rebooted: Node n1 has been rebooted, boot id: b',
  ])
  expect((await nodes.get('', 'n1')).status?.nodeInfo?.bootID).toBe('b')
  await agent.stop()
})

test('what becomes of a node is told as it is told of upstream’s', async () => {
  const { host, agent, told, pressing, nodes } = setUp({})
  const reasons = () => told.splice(0).map((text) => text.replace(/: Node n1 status is now: .*/, ''))
  void agent.start()
  await host.advance(5_000)
  expect(told[0]).toBe('Normal NodeHasSufficientMemory: Node n1 status is now: NodeHasSufficientMemory')
  const sufficient = ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID']
  expect(reasons()).toEqual(sufficient.map((reason) => `Normal ${reason}`))
  for (const patch of [{ podCIDR: '10.1.0.0/24' }, { unschedulable: true }, { unschedulable: null }]) {
    agent.see(await nodes.patch('', 'n1', 'application/merge-patch+json', { spec: patch }))
    await host.advance(11_000)
  }
  expect(reasons()).toEqual(['Normal NodeReady', 'Normal NodeNotSchedulable', 'Normal NodeSchedulable'])
  pressing.add('DiskPressure')
  await host.advance(30_000)
  pressing.clear()
  await host.advance(30_000)
  expect(reasons()).toEqual(['Normal NodeHasDiskPressure', 'Normal NodeHasNoDiskPressure'])
  await agent.stop()
})

test('a status that the server shows in its own words is not written again', async () => {
  const { host, api, agent, nodes } = setUp({ podCidr: '10.1.0.0/24' })
  void agent.start()
  await host.advance(5_000)
  const { images: _, ...shown } = (await nodes.get('', 'n1')).status ?? {}
  for (const amounts of [shown.capacity, shown.allocatable])
    for (const text of Object.values(amounts ?? {})) expect(canonicalQuantity(text)).toBe(text)
  agent.see({ ...(await nodes.get('', 'n1')), status: shown })
  const before = api.requests.length
  await host.advance(60_000)
  expect(api.requests.slice(before)).toEqual([])
  await agent.stop()
})

test('what others say of extended resources pods may have, as long as they say it', async () => {
  const { host, agent, nodes } = setUp({ podCidr: '10.1.0.0/24' })
  void agent.start()
  await host.advance(5_000)
  const shown = async () => (await nodes.get('', 'n1')).status?.allocatable?.['example.com/gpu']
  const offer = async (amount: string | null) => {
    const patch = { status: { capacity: { 'example.com/gpu': amount } } }
    agent.see(await nodes.patch('', 'n1', 'application/merge-patch+json', patch, { subresource: 'status' }))
    await host.advance(11_000)
    agent.see(await nodes.get('', 'n1'))
  }
  await offer('3')
  expect(await shown()).toBe('3')
  await offer(null)
  expect(await shown()).toBeUndefined()
  await agent.stop()
})

test('what pods may have is what hard eviction leaves', async () => {
  const thresholds = [
    { signal: 'memory.available', value: { share: 0.5 }, graceMs: 0 },
    { signal: 'nodefs.available', value: { quantity: 300 }, graceMs: 60_000 },
  ] as const
  const eviction = { thresholds, pressureTransitionMs: 0, maxPodGraceSeconds: 0 }
  const { host, agent, nodes } = setUp({ eviction })
  void agent.start()
  await host.advance(1_000)
  const { allocatable } = (await nodes.get('', 'n1')).status ?? {}
  expect(allocatable).toMatchObject({ memory: '512Mi', 'ephemeral-storage': '1k' })
  await agent.stop()
})
