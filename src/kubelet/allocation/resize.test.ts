import { afterEach, expect, test } from 'vitest'
import { Pod } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { type NodeBench, nodeBench } from '../testing/node-bench.ts'

let bench: NodeBench | undefined

afterEach(async () => {
  await bench?.close()
  bench = undefined
})

type Resources = core.v1.ResourceRequirements

const both = (cpu: string, memory: string): Resources => ({
  requests: { cpu, memory },
  limits: { cpu, memory },
})

const web = (resources: Resources, more: Partial<core.v1.Container> = {}): core.v1.Container => ({
  name: 'web',
  image: 'web:1',
  resources,
  ...more,
})

/** As the API server does on a write to `/resize`. */
async function resize(name: string, containers: readonly core.v1.Container[]): Promise<void> {
  const pod = await bench?.get(name)
  if (pod === undefined) throw new Error('no pod')
  const { resourceVersion: _version, ...metadata } = pod.metadata ?? {}
  const generation = (metadata.generation ?? 0) + 1
  await bench?.client
    .resource(Pod)
    .update({ ...pod, metadata: { ...metadata, generation }, spec: { ...pod.spec, containers } })
}

const condition = (pod: core.v1.Pod, type: string): core.v1.PodCondition | undefined =>
  pod.status?.conditions?.find((it) => it.type === type)
const resizeEvents = async (): Promise<readonly string[]> =>
  ((await bench?.events()) ?? []).filter((text) => text.startsWith('Resize'))

test('a resize is granted, brought into force without a restart, and told of', async () => {
  bench = await nodeBench()
  await bench.run('web', { containers: [web(both('1', '1Gi'))] }, { generation: 1 })
  await bench.host.advance(1_000)
  await resize('web', [web(both('1500m', '2Gi'))])
  await bench.host.advance(1_000)
  const { status } = await bench.get('web')
  expect(status?.containerStatuses?.[0]).toMatchObject({
    restartCount: 0,
    resources: both('1500m', '2Gi'),
    allocatedResources: { cpu: '1500m', memory: '2Gi' },
  })
  expect(status?.observedGeneration).toBe(2)
  expect(status?.conditions?.filter(({ type }) => type.startsWith('PodResize'))).toEqual([])
  const summary =
    '{"containers":[{"name":"web","resources":{"limits":{"cpu":"1500m","memory":"2Gi"},"requests":{"cpu":"1500m","memory":"2Gi"}}}],"generation":2}'
  expect(await resizeEvents()).toEqual([
    `ResizeStarted: Pod resize started: ${summary}`,
    `ResizeCompleted: Pod resize completed: ${summary}`,
  ])
})

test('a container whose policy says so is restarted with its new resources', async () => {
  bench = await nodeBench()
  const policy = { resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }] }
  await bench.run('web', { containers: [web(both('1', '1Gi'), policy)] }, { generation: 1 })
  await bench.host.advance(1_000)
  await resize('web', [web(both('2', '1Gi'), policy)])
  await bench.host.advance(1_000)
  expect((await bench.get('web')).status?.containerStatuses?.[0]?.restartCount).toBe(0)
  await resize('web', [web(both('2', '2Gi'), policy)])
  await bench.host.advance(1_000)
  expect((await bench.get('web')).status?.containerStatuses?.[0]).toMatchObject({
    restartCount: 1,
    resources: both('2', '2Gi'),
  })
  expect(await bench.events()).toContain('Killing: Container web resize requires restart')
})

test('what the node has no room for waits, and is granted when others are gone', async () => {
  bench = await nodeBench()
  await bench.run('other', { containers: [web(both('5', '1Gi'))] }, { generation: 1 })
  await bench.run('web', { containers: [web(both('2', '1Gi'))] }, { generation: 1 })
  await bench.host.advance(1_000)
  await resize('web', [web(both('4', '1Gi'))])
  await bench.host.advance(1_000)
  const waiting = await bench.get('web')
  expect(condition(waiting, 'PodResizePending')).toMatchObject({
    status: 'True',
    reason: 'Deferred',
    message: "Node didn't have enough resource: cpu, requested: 4000, used: 5000, capacity: 8000",
    observedGeneration: 2,
  })
  expect(waiting.status?.containerStatuses?.[0]).toMatchObject({
    resources: both('2', '1Gi'),
    allocatedResources: { cpu: '2', memory: '1Gi' },
  })
  await bench.markDeleted('other', 0)
  await bench.host.advance(5_000)
  const resized = await bench.get('web')
  expect(condition(resized, 'PodResizePending')).toBeUndefined()
  expect(resized.status?.containerStatuses?.[0]?.resources).toEqual(both('4', '1Gi'))
  expect((await resizeEvents()).map((text) => text.split(':')[0])).toEqual([
    'ResizeDeferred',
    'ResizeStarted',
    'ResizeCompleted',
  ])
})

test('who takes back what waits, waits no more', async () => {
  bench = await nodeBench()
  await bench.run('web', { containers: [web(both('2', '1Gi'))] }, { generation: 1 })
  await bench.host.advance(1_000)
  await resize('web', [web(both('80', '1Gi'))])
  await bench.host.advance(1_000)
  expect(condition(await bench.get('web'), 'PodResizePending')?.reason).toBe('Deferred')
  await resize('web', [web(both('2', '1Gi'))])
  await bench.host.advance(1_000)
  expect(condition(await bench.get('web'), 'PodResizePending')).toBeUndefined()
})

test('what the runtime refuses is told of and tried again', async () => {
  let fails = true
  bench = await nodeBench({
    fault: (verb) => (verb === 'updateContainerResources' && fails ? 'not today' : undefined),
  })
  await bench.run('web', { containers: [web(both('1', '1Gi'))] }, { generation: 1 })
  await bench.host.advance(1_000)
  await resize('web', [web(both('2', '1Gi'))])
  await bench.host.advance(1_000)
  expect(condition(await bench.get('web'), 'PodResizeInProgress')).toMatchObject({
    reason: 'Error',
    message: expect.stringContaining('not today'),
    observedGeneration: 2,
  })
  fails = false
  await bench.host.advance(20_000)
  expect(condition(await bench.get('web'), 'PodResizeInProgress')).toBeUndefined()
  expect((await resizeEvents()).map((text) => text.split(':')[0])).toEqual([
    'ResizeStarted',
    'ResizeError',
    'ResizeCompleted',
  ])
})

test('an agent that starts again knows what was granted, and takes in what was asked for meanwhile', async () => {
  const updates: string[] = []
  bench = await nodeBench({
    fault: (verb, subject) => {
      if (verb === 'updateContainerResources') updates.push(subject)
      return undefined
    },
  })
  for (const name of ['resized', 'asked', 'kept', 'waiting'])
    await bench.run(name, { containers: [web(both('1', '1Gi'))] }, { generation: 1 })
  await bench.host.advance(1_000)
  await resize('resized', [web(both('2', '1Gi'))])
  await resize('waiting', [web(both('80', '1Gi'))])
  await bench.host.advance(1_000)
  expect(updates.splice(0)).toEqual(['default/resized/web'])
  await bench.stopAgent()
  await resize('asked', [web(both('2', '1Gi'))])
  await bench.startAgent()
  await bench.host.advance(1_000)
  expect(updates).toEqual(['default/asked/web'])
  const shown = async (name: string) => {
    const status = (await bench?.get(name))?.status?.containerStatuses?.[0]
    return [status?.resources?.requests?.['cpu'], status?.allocatedResources?.['cpu'], status?.restartCount]
  }
  expect(await shown('resized')).toEqual(['2', '2', 0])
  expect(await shown('asked')).toEqual(['2', '2', 0])
  expect(await shown('kept')).toEqual(['1', '1', 0])
  expect(await shown('waiting')).toEqual(['1', '1', 0])
  expect(condition(await bench.get('waiting'), 'PodResizePending')?.reason).toBe('Deferred')
})
