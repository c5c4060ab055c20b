import { afterEach, expect, test } from 'vitest'
import { preparesForShutdown } from '../linux/machine/logind.ts'
import { type NodeBench, nodeBench } from '../testing/node-bench.ts'
import type { ShutdownSignal } from './shutdown-manager.ts'
import { shutdownGroups, twoPeriods } from './shutdown-periods.ts'

const pod = (name: string, priority?: number) => ({
  metadata: { name },
  spec: { containers: [], ...(priority === undefined ? {} : { priority }) },
})

test('shutdownGroups() ends the less important first, each with the period of its priority', () => {
  const periods = [10_000, 100_000, 0].map((priority, at) => ({ priority, seconds: at + 1 }))
  const pods = [pod('high', 200_000), pod('none'), pod('below', -5), pod('middle', 10_000), pod('low', 9_999)]
  const groups = shutdownGroups(periods, pods, (each) => each)
  expect(
    groups.map(({ seconds, members }) => [seconds, members.map(({ metadata }) => metadata.name)]),
  ).toEqual([
    [3, ['none', 'below', 'low']],
    [1, ['middle']],
    [2, ['high']],
  ])
})

test('twoPeriods() splits what there is between critical pods and all others', () => {
  expect(twoPeriods(30, 10)).toEqual([
    { priority: 0, seconds: 20 },
    { priority: 2_000_000_000, seconds: 10 },
  ])
  expect(twoPeriods(0, 0)).toEqual([])
})

test('preparesForShutdown() reads what busctl tells', () => {
  const line = (data: unknown) =>
    JSON.stringify({ member: 'PrepareForShutdown', payload: { type: 'b', data } })
  expect(
    [line([true]), line([false]), line([]), '{"member":"Other"}', 'no JSON'].map(preparesForShutdown),
  ).toEqual([...[true, false, undefined, undefined, undefined]])
})

class Signal implements ShutdownSignal {
  take: (isEnding: boolean) => void = () => {}
  released = false

  async watch(_delaySeconds: number, take: (isEnding: boolean) => void): Promise<() => Promise<void>> {
    this.take = take
    return async () => {}
  }

  async release(): Promise<void> {
    this.released = true
  }
}

let bench: NodeBench | undefined
afterEach(() => bench?.close())

const slow = (container: string, stopAfterMs: number) => ({
  annotations: { [`simulated.timonel.dev/${container}`]: JSON.stringify({ stopAfterMs }) },
})

test('a node that is switched off ends its pods, the critical ones last, and takes no more', async () => {
  const signal = new Signal()
  const made = await nodeBench({}, undefined, { shutdown: { periods: twoPeriods(30, 10), signal } })
  bench = made
  const { host } = made
  const containers = [{ name: 'main', image: 'a:1' }]
  const spec = { terminationGracePeriodSeconds: 60, containers }
  await made.run('usual', spec, slow('main', 5_000))
  await made.run('critical', { ...spec, priority: 2_000_000_000 }, slow('main', 1_000))
  await host.advance(2_000)
  signal.take(true)
  await host.advance(1_000)
  await made.run('late', spec)
  await host.advance(2_000)
  expect((await made.get('late')).status).toMatchObject({ phase: 'Failed', reason: 'NodeShutdown' })
  expect((await made.get('critical')).status?.phase).toBe('Running')
  const ready = made.node.kubelet.node()?.status?.conditions?.find(({ type }) => type === 'Ready')
  expect(ready).toMatchObject({ status: 'False', message: 'node is shutting down' })
  expect(signal.released).toBe(false)
  await host.advance(5_000)
  for (const name of ['usual', 'critical']) {
    const { status } = await made.get(name)
    expect(status).toMatchObject({ phase: 'Failed', reason: 'Terminated' })
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True' }),
    )
  }
  expect(signal.released).toBe(true)
})

test('a node that is not switched off after all is ready again', async () => {
  const signal = new Signal()
  const made = await nodeBench({}, undefined, { shutdown: { periods: twoPeriods(30, 10), signal } })
  bench = made
  signal.take(true)
  await made.host.advance(1_000)
  signal.take(false)
  await made.host.advance(1_000)
  await made.run('late', { containers: [{ name: 'main', image: 'a:1' }] })
  await made.host.advance(2_000)
  expect((await made.get('late')).status?.phase).toBe('Running')
})
