import { readFile } from 'node:fs/promises'
import { Cluster, Job, Node, Pod } from 'timonel'
import { afterAll, expect, test } from 'vitest'

const stages = await readFile(new URL('stages.yaml', import.meta.url), 'utf8')
const cluster = await Cluster.start({ nodes: 2, clock: 'virtual', seed: 7, stages })

afterAll(() => cluster.stop())

test('examples/stages.yaml: pods crash and Jobs complete as it says', async () => {
  const pods = cluster.client.resource(Pod)
  const containers = [{ name: 'main', image: 'main:1' }]
  await pods.create({
    metadata: {
      name: 'unlucky',
      namespace: 'default',
      labels: { crashing: 'true' },
      annotations: { 'kwok.x-k8s.io/usage-cpu': '300m' },
    },
    spec: { containers },
  })
  const template = { spec: { restartPolicy: 'Never', containers } }
  const job = { metadata: { name: 'work', namespace: 'default' }, spec: { completions: 3, template } }
  await cluster.client.resource(Job).create(job)
  await cluster.advance(180_000)
  const unlucky = await pods.get('default', 'unlucky')
  expect(unlucky.status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(0)
  expect(unlucky.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({
    exitCode: 2,
    message: 'out of luck',
  })
  expect((await cluster.client.resource(Job).get('default', 'work')).status?.succeeded).toBe(3)
})

test('examples/stages.yaml: a node without power is not ready until it has power again', async () => {
  const nodes = cluster.client.resource(Node)
  const readyWith = async (power: string): Promise<string | undefined> => {
    const metadata = { labels: { power } }
    await nodes.patch('', 'node-2', 'application/merge-patch+json', { metadata })
    await cluster.advance(90_000)
    const { status } = await nodes.get('', 'node-2')
    return status?.conditions?.find(({ type }) => type === 'Ready')?.status
  }
  expect(await readyWith('off')).toBe('Unknown')
  expect(await readyWith('on')).toBe('True')
})
