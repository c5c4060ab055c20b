import { expect, test } from 'vitest'
import { Cluster, Deployment, Pod } from '../../src/cluster/index.ts'
import { deployment, isReady } from './support/workloads.ts'

test('ten clusters in one process know nothing of each other', async () => {
  const seeds = Array.from({ length: 10 }, (_, index) => index)
  const clusters = await Promise.all(seeds.map((seed) => Cluster.start({ clock: 'virtual', seed })))
  try {
    await Promise.all(
      clusters.map(async (cluster, index) => {
        await cluster.client.resource(Deployment).create(deployment(`web-${index}`, index + 1))
        await cluster.advance(30_000 + 1000 * index)
      }),
    )
    for (const [index, cluster] of clusters.entries()) {
      const deployments = await cluster.client.resource(Deployment).list()
      expect(deployments.items.map((each) => each.metadata?.name)).toEqual([`web-${index}`])
      const pods = await cluster.client.resource(Pod).list({ namespace: 'default' })
      expect(pods.items.filter(isReady)).toHaveLength(index + 1)
    }
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.stop()))
  }
})
