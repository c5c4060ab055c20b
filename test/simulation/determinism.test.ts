import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Cluster, Deployment, Pod } from '../../src/cluster/index.ts'
import { History, type Seen } from './support/history.ts'
import { deployment } from './support/workloads.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What says where the API server listens is the machine's choice, not the simulation's. */
const isAboutTheMachine = ({ event }: Seen): boolean => event.object.metadata?.name === 'kubernetes'

/** Deploys, loses a node, rolls out and scales down; certificates are the folder's, as in a cluster that starts again. */
async function run(seed: number): Promise<string> {
  const cluster = await Cluster.start({ nodes: 3, clock: 'virtual', seed, dataDirectory: folder })
  const history = new History(cluster.client)
  try {
    const deployments = cluster.client.resource(Deployment)
    const patch = (change: object) =>
      deployments.patch('default', 'web', 'application/merge-patch+json', { spec: change })
    await deployments.create(deployment('web', 6))
    await cluster.advance(20_000)
    await patch({ template: { metadata: { annotations: { version: '2' } } } })
    await cluster.advance(20_000)
    await cluster.node('node-2').stop()
    await cluster.advance(400_000)
    await patch({ replicas: 2 })
    await cluster.advance(20_000)
    expect(
      (await cluster.client.resource(Pod).list({ labelSelector: 'app=web' })).items.length,
    ).toBeGreaterThan(1)
    await history.stop()
    return history.events
      .filter((seen) => !isAboutTheMachine(seen))
      .map(({ event }) => JSON.stringify(event))
      .join('\n')
  } finally {
    await cluster.stop()
  }
}

test('the same seed gives the same history, and another seed another one', async () => {
  const first = await run(42)
  expect(first.split('\n').length).toBeGreaterThan(200)
  expect(await run(42)).toBe(first)
  expect(await run(43)).not.toBe(first)
})
