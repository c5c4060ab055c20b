import { Cluster, ConfigMap, type core, Deployment, Pod, Service } from 'timonel'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runWebsiteOperator, serversLabel } from './website-operator.ts'

const namespace = 'default'
const second = 1000
const minute = 60 * second

let cluster: Cluster
let stop: AbortController
let operator: Promise<void>

beforeEach(async () => {
  cluster = await Cluster.start({ nodes: 3, clock: 'virtual', seed: 7 })
  stop = new AbortController()
  operator = runWebsiteOperator(cluster.client, stop.signal)
  await cluster.client.resource(ConfigMap).create(website('blog', '2', 'Hello'))
  await cluster.advance(30 * second)
})

afterEach(async () => {
  stop.abort()
  await operator
  await cluster.stop()
})

const website = (name: string, servers: string, text: string): core.v1.ConfigMap => ({
  metadata: { name, namespace, labels: { [serversLabel]: servers } },
  data: { 'index.html': text },
})

const pods = async (): Promise<readonly core.v1.Pod[]> =>
  (await cluster.client.resource(Pod).list({ namespace, labelSelector: 'website=blog' })).items

const isReady = (pod: core.v1.Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true

test('a website gets its servers and its service', async () => {
  expect((await pods()).filter(isReady)).toHaveLength(2)
  const service = await cluster.client.resource(Service).get(namespace, 'blog')
  expect(service.spec?.clusterIP).toMatch(/^10\./)
})

test('a new text is rolled out', async () => {
  const before = (await pods()).map((pod) => pod.metadata?.name)
  await cluster.client.resource(ConfigMap).update(website('blog', '2', 'Hello again'))
  await cluster.advance(minute)
  expect((await pods()).filter(isReady)).toHaveLength(2)
  expect((await pods()).filter((pod) => before.includes(pod.metadata?.name))).toEqual([])
})

test('what others change is put right', async () => {
  const deployments = cluster.client.resource(Deployment)
  await deployments.patch(namespace, 'blog', 'application/merge-patch+json', { spec: { replicas: 5 } })
  await cluster.advance(minute)
  expect((await pods()).filter(isReady)).toHaveLength(2)
  await deployments.delete(namespace, 'blog')
  await cluster.advance(minute)
  expect((await pods()).filter(isReady)).toHaveLength(2)
})

test('a website that is deleted takes everything with it', async () => {
  await cluster.client.resource(ConfigMap).delete(namespace, 'blog')
  await cluster.advance(2 * minute)
  expect(await pods()).toEqual([])
  const services = await cluster.client.resource(Service).list({ namespace })
  expect(services.items.map((each) => each.metadata?.name)).not.toContain('blog')
})

test('a website survives the death of a node', async () => {
  const dead = (await pods())[0]?.spec?.nodeName ?? ''
  await cluster.node(dead).stop()
  await cluster.advance(10 * minute)
  const ready = (await pods()).filter(isReady)
  expect(ready).toHaveLength(2)
  expect(ready.map((pod) => pod.spec?.nodeName)).not.toContain(dead)
})
