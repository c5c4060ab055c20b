import { afterEach, expect, test } from 'vitest'
import { type NodeBench, nodeBench } from '../../testing/node-bench.ts'

let bench: NodeBench | undefined

afterEach(async () => {
  await bench?.close()
  bench = undefined
})

const spec = { containers: [{ name: 'web', image: 'web:1' }], hostUsers: false }

/** 0 for those that have the node's. */
const firstIds = async (): Promise<readonly number[]> => {
  const { runtime } = bench?.node ?? {}
  const sandboxes = (await runtime?.listPodSandbox({})) ?? []
  const statuses = await Promise.all(sandboxes.map(({ id }) => runtime?.podSandboxStatus(id)))
  return statuses
    .map((status) => status?.linux?.namespaces?.options?.usernsOptions?.uids?.[0]?.hostId ?? 0)
    .sort((a, b) => a - b)
}

test('pods without the node\u2019s users have ids of their own, also across a restart of the agent', async () => {
  bench = await nodeBench()
  await bench.run('a', spec)
  await bench.run('b', spec)
  await bench.run('plain', { containers: spec.containers })
  await bench.host.advance(1_000)
  expect(await firstIds()).toEqual([0, 65_536, 131_072])
  await bench.stopAgent()
  await bench.startAgent()
  await bench.run('c', spec)
  await bench.host.advance(1_000)
  expect(await firstIds()).toEqual([0, 65_536, 131_072, 196_608])
})

test('a runtime that announces no user namespaces makes no sandbox, and an Event says why', async () => {
  bench = await nodeBench({ announces: { handlers: [] } })
  await bench.run('a', spec)
  await bench.host.advance(1_000)
  expect((await bench.get('a')).status?.phase).toBe('Pending')
  expect(await bench.events()).toContain(
    "FailedCreatePodSandBox: Failed to create pod sandbox: can't set `spec.hostUsers: false`, runtime does not support user namespaces",
  )
})
