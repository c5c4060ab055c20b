import { afterEach, beforeEach, expect, test } from 'vitest'
import { Pod } from '../../api/core/pod/kind.ts'
import { ReplicationController } from '../../api/core/replication-controller/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { replicationController } from './replication-controller.ts'

let cluster: TestCluster

beforeEach(() => {
  cluster = new TestCluster()
  cluster.start(replicationController)
})

afterEach(() => cluster.stop())

test('it makes the pods that a ReplicationController wants, adopts what matches and tells how many there are', async () => {
  const labels = { app: 'web' }
  await cluster.create(Pod, { metadata: { name: 'orphan', namespace: 'default', labels } })
  await cluster.create(ReplicationController, {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 2,
      selector: labels,
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  })
  const pods = await cluster.list<core.v1.Pod>(Pod)
  expect(pods).toHaveLength(2)
  expect(pods.map((pod) => pod.metadata?.ownerReferences?.[0]?.kind)).toEqual([
    'ReplicationController',
    'ReplicationController',
  ])
  const read = await cluster.get<core.v1.ReplicationController>(ReplicationController, 'default/web')
  expect(read.status).toEqual({ replicas: 2, fullyLabeledReplicas: 2, observedGeneration: 1 })
})
