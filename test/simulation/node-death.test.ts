import { afterEach, beforeEach, expect, test } from 'vitest'
import { Cluster, Deployment, EndpointSlice, Node, Pod, Service } from '../../src/cluster/index.ts'
import { advanceUntil } from './support/advance-until.ts'
import { conditionOf, deployment, isReady, service } from './support/workloads.ts'

const replicas = 6
let cluster: Cluster

beforeEach(async () => {
  cluster = await Cluster.start({ nodes: 3, clock: 'virtual', seed: 1 })
  await cluster.client.resource(Service).create(service('web'))
  await cluster.client.resource(Deployment).create(deployment('web', replicas))
  await advanceUntil(cluster, 30, async () => (await readyPods()).length === replicas)
})

afterEach(() => cluster.stop())

const pods = async () => (await cluster.client.resource(Pod).list({ namespace: 'default' })).items
const readyPods = async () => (await pods()).filter(isReady)
const node = (name: string) => cluster.client.resource(Node).get('', name)
const unreachable = async (name: string, effect: string) =>
  (await node(name)).spec?.taints?.some(
    (taint) => taint.key === 'node.kubernetes.io/unreachable' && taint.effect === effect,
  ) === true
const endpoints = async () =>
  (await cluster.client.resource(EndpointSlice).list({ namespace: 'default' })).items
    .filter((slice) => slice.metadata?.labels?.['kubernetes.io/service-name'] === 'web')
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((endpoint) => endpoint.conditions?.ready)

test('a node that dies is NotReady after 50 s, its pods go 300 s later and come back elsewhere', async () => {
  const dead = (await pods())[0]?.spec?.nodeName ?? ''
  const lost = (await pods()).filter((pod) => pod.spec?.nodeName === dead)
  await cluster.node(dead).stop()

  // 50 s count from its last sign of life, at most one renewal (10 s) before; looked at every 5 s.
  const notReady = await advanceUntil(cluster, 60, async () => !isReady(await node(dead)))
  expect(notReady).toBeGreaterThanOrEqual(40)
  expect(notReady).toBeLessThanOrEqual(55)
  expect(conditionOf(await node(dead), 'Ready')).toBe('Unknown')
  await advanceUntil(cluster, 5, () => unreachable(dead, 'NoSchedule'))
  await advanceUntil(cluster, 5, () => unreachable(dead, 'NoExecute'))

  // Nobody is sent there any more, and nothing is evicted yet.
  await advanceUntil(cluster, 5, async () => (await endpoints()).every((each) => each.nodeName !== dead))
  expect(await readyPods()).toHaveLength(replicas - lost.length)
  expect((await pods()).filter((pod) => pod.metadata?.deletionTimestamp)).toEqual([])

  const evicted = await advanceUntil(cluster, 310, async () =>
    (await pods())
      .filter((pod) => pod.spec?.nodeName === dead)
      .every((pod) => pod.metadata?.deletionTimestamp),
  )
  expect(evicted).toBeGreaterThanOrEqual(295)
  expect(evicted).toBeLessThanOrEqual(300)

  await advanceUntil(cluster, 10, async () => (await readyPods()).length === replicas)
  expect((await readyPods()).map((pod) => pod.spec?.nodeName)).not.toContain(dead)
  await advanceUntil(cluster, 5, async () => (await endpoints()).length === replicas)
})

test('the pods of a dead node go for good with the node', async () => {
  const dead = (await pods())[0]?.spec?.nodeName ?? ''
  await cluster.node(dead).stop()
  await cluster.advance(360_000)
  expect((await pods()).some((pod) => pod.spec?.nodeName === dead)).toBe(true)

  await cluster.client.resource(Node).delete('', dead)
  await advanceUntil(cluster, 120, async () => (await pods()).every((pod) => pod.spec?.nodeName !== dead))
  expect(await readyPods()).toHaveLength(replicas)
})
