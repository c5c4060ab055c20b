import { expect, test } from 'vitest'
import { Node } from '../../api/core/node/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { ttlController } from './ttl-controller.ts'
import { nextStep, ttlSecondsOf } from './ttl-steps.ts'

test.each([
  [0, 100, 0],
  [0, 101, 15],
  [1, 90, 15],
  [1, 89, 0],
  [0, 5_000, 300],
  [4, 50, 0],
])('nextStep() from step %i with %i nodes leads to %i seconds', (step, nodes, seconds) => {
  expect(ttlSecondsOf(nextStep(step, nodes))).toBe(seconds)
})

test('ttlController() writes all nodes anew when there are many', async () => {
  const cluster = new TestCluster()
  cluster.start(ttlController())
  const ttl = async () =>
    (await cluster.get(Node, 'n0')).metadata?.annotations?.['node.alpha.kubernetes.io/ttl']
  await cluster.create(Node, { metadata: { name: 'n0' } })
  expect(await ttl()).toBe('0')
  for (let index = 1; index <= 100; index++)
    await cluster.create(Node, { metadata: { name: `n${index}` } }, 1)
  await cluster.host.advance(100)
  expect(await ttl()).toBe('15')
  await cluster.stop()
})
