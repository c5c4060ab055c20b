import { afterEach, expect, test } from 'vitest'
import { Node } from '../../api/core/node/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { type NodeBench, nodeBench } from '../testing/node-bench.ts'

const gibibyte = 1024 ** 3
let bench: NodeBench

afterEach(() => bench.close())

const container = { name: 'c', image: 'web:1' }
const writes = (bytes: number) => ({
  annotations: { 'simulated.timonel.dev/c': JSON.stringify({ diskBytes: bytes }) },
})
const condition = async (): Promise<string | undefined> => {
  const node = await bench.client.resource(Node).get('', 'node-1')
  return node.status?.conditions?.find(({ type }) => type === 'DiskPressure')?.status
}
const status = async (name: string): Promise<core.v1.PodStatus> => (await bench.get(name)).status ?? {}

test('a node whose disk fills evicts the pod that wrote the most, and then takes no other', async () => {
  bench = await nodeBench()
  await bench.run('modest', { containers: [container] }, writes(gibibyte))
  await bench.run('greedy', { containers: [container] }, writes(20 * gibibyte))
  await bench.host.advance(11_000)
  expect(await condition()).toBe('False')
  bench.node.runtime.fillDisk(70 * gibibyte)
  await bench.host.advance(13_000)
  expect(await condition()).toBe('True')
  expect(await status('greedy')).toMatchObject({
    phase: 'Failed',
    reason: 'Evicted',
    message:
      'The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 9653676416. Container c was using 20Gi, request is 0, has larger consumption of ephemeral-storage. ',
  })
  expect((await status('greedy')).conditions).toContainEqual(
    expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
  )
  expect((await status('modest')).phase).toBe('Running')
  await bench.run('late', { containers: [container] })
  await bench.run('critical', { containers: [container], priority: 2_000_000_000 })
  await bench.host.advance(1_000)
  expect(await status('late')).toMatchObject({
    phase: 'Failed',
    reason: 'Evicted',
    message: 'Pod was rejected: The node had condition: [DiskPressure]. ',
  })
  expect((await status('critical')).phase).toBe('Running')
  expect(await bench.events()).toEqual(
    expect.arrayContaining([
      'EvictionThresholdMet: Attempting to reclaim ephemeral-storage',
      expect.stringMatching(/^Evicted: The node was low on resource: ephemeral-storage\. /),
      'Evicted: The node had condition: [DiskPressure]. ',
    ]),
  )
  await bench.host.advance(310_000)
  expect(await condition()).toBe('False')
})

test('a node that wins back enough by unused images and ended pods evicts nobody', async () => {
  bench = await nodeBench()
  await bench.run(
    'done',
    { containers: [{ ...container, command: ['true'] }], restartPolicy: 'Never' },
    writes(8 * gibibyte),
  )
  await bench.run('web', { containers: [container] }, writes(gibibyte))
  await bench.host.advance(1_000)
  bench.node.runtime.fillDisk(79 * gibibyte)
  await bench.host.advance(30_000)
  expect((await status('web')).phase).toBe('Running')
  expect(bench.node.runtime.usedDiskBytes).toBeLessThan(81 * gibibyte)
  expect(await condition()).toBe('True')
})

test('a pod that passes its own limit on the disk is evicted while the node is well', async () => {
  bench = await nodeBench()
  const limits = { 'ephemeral-storage': '1Gi' }
  await bench.run('web', { containers: [{ ...container, resources: { limits } }] }, writes(gibibyte))
  await bench.host.advance(20_000)
  expect((await status('web')).phase).toBe('Running')
  bench.node.runtime.writeDisk((await bench.get('web')).metadata?.uid ?? '', 'c', 1)
  await bench.host.advance(13_000)
  expect(await status('web')).toMatchObject({
    phase: 'Failed',
    reason: 'Evicted',
    message: 'Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ',
  })
  expect(await condition()).toBe('False')
})
