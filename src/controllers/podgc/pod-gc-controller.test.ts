import { afterEach, beforeEach, expect, test } from 'vitest'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { podWith } from '../../reconcile/testing/pods.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { podGcController } from './pod-gc-controller.ts'

let cluster: TestCluster

beforeEach(async () => {
  cluster = new TestCluster()
  cluster.start(podGcController({ terminatedThreshold: 2 }))
  await cluster.create(Node, { metadata: { name: 'n1' } })
})

afterEach(() => cluster.stop())

const add = (name: string, nodeName?: string, finalizers: readonly string[] = []) => {
  const { status: _, ...pod } = podWith({ name })
  const spec = { containers: [], ...(nodeName === undefined ? {} : { nodeName }) }
  return cluster.create(Pod, { ...pod, metadata: { ...pod.metadata, finalizers }, spec })
}

const names = async () => (await cluster.list(Pod)).map(({ metadata }) => metadata?.name)

test('podGcController removes the pods of a node that is gone, after forty seconds', async () => {
  await add('here', 'n1')
  await add('lost', 'gone')
  await cluster.host.advance(39_000)
  expect(await names()).toEqual(['here', 'lost'])
  await cluster.host.advance(2_000)
  expect(await names()).toEqual(['here'])
  const patch = cluster.api.requests.find(({ path }) => path.endsWith('/pods/lost/status'))
  expect(patch?.body).toMatchObject({
    status: {
      phase: 'Failed',
      conditions: [
        { type: 'DisruptionTarget', reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' },
      ],
    },
  })
  await cluster.do(cluster.client.resource(Node).delete('', 'n1'))
  await cluster.host.advance(41_000)
  expect(await names()).toEqual([])
  expect(cluster.metrics.expose()).toContain(
    'pod_gc_collector_force_delete_pods_total{namespace="default",reason="orphaned"} 2',
  )
})

test('podGcController keeps the pods of a node that comes late', async () => {
  await add('early', 'n2')
  await cluster.host.advance(20_000)
  await cluster.create(Node, { metadata: { name: 'n2' } })
  await cluster.host.advance(60_000)
  expect(await names()).toEqual(['early'])
})

test('podGcController marks a terminating pod failed that was never scheduled', async () => {
  await add('stuck', undefined, ['test/hold'])
  await cluster.do(cluster.client.resource(Pod).delete('default', 'stuck'))
  expect((await cluster.get(Pod, 'default/stuck')).status?.phase).toBe('Failed')
})

test('podGcController removes terminating pods of a node that is out of service', async () => {
  await add('stuck', 'n1', ['test/hold'])
  await cluster.do(cluster.client.resource(Pod).delete('default', 'stuck'))
  expect((await cluster.get(Pod, 'default/stuck')).status?.phase).toBeUndefined()
  const taints = [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }]
  await cluster.change(Node, 'n1', { spec: { taints } })
  expect((await cluster.get(Pod, 'default/stuck')).status?.phase).toBe('Failed')
})

test('podGcController removes ended pods beyond the threshold, evicted ones and the oldest first', async () => {
  const end = async (name: string, createdMs: number, status: core.v1.PodStatus) => {
    const { status: _, ...pod } = podWith({ name, createdMs })
    await cluster.create(Pod, { ...pod, spec: { containers: [], nodeName: 'n1' } })
    await cluster.change(Pod, `default/${name}`, { status })
  }
  await end('old', 1_000, { phase: 'Succeeded' })
  await end('new', 3_000_000, { phase: 'Failed' })
  await end('evicted', 9_000_000, { phase: 'Failed', reason: 'Evicted' })
  await end('middle', 2_000_000, { phase: 'Succeeded' })
  await cluster.host.advance(21_000)
  expect([...(await names())].sort()).toEqual(['middle', 'new'])
})
