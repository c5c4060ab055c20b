import { afterEach, beforeEach, expect, test } from 'vitest'
import { ReplicaSet } from '../../api/apps/replica-set/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { replicaSetController } from './replica-set-controller.ts'

let cluster: TestCluster

beforeEach(() => {
  cluster = new TestCluster()
  cluster.start(replicaSetController)
})

afterEach(() => cluster.stop())

const labels = { app: 'web' }

const makeSet = (replicas: number, spec: object = {}, settleMs = 500): Promise<apps.v1.ReplicaSet> =>
  cluster.create(
    ReplicaSet,
    {
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
        ...spec,
      },
    },
    settleMs,
  )

const pods = (): Promise<readonly core.v1.Pod[]> => cluster.list(Pod)
const status = async () => (await cluster.get<apps.v1.ReplicaSet>(ReplicaSet, 'default/web')).status

const makeReady = (name: string) =>
  cluster.change(Pod, `default/${name}`, {
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(cluster.host.now()) }],
    },
  })

test('replicaSetController creates the pods of a set and shows them in its status', async () => {
  const set = await makeSet(3)
  const created = await pods()
  expect(created).toHaveLength(3)
  expect(created[0]).toMatchObject({
    metadata: {
      labels,
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: 'web',
          uid: set.metadata?.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  })
  expect(created[0]?.metadata?.name).toMatch(/^web-[a-z0-9]{5}$/)
  for (const pod of created) await makeReady(pod.metadata?.name ?? '')
  expect(await status()).toEqual({
    replicas: 3,
    fullyLabeledReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    terminatingReplicas: 0,
    observedGeneration: 1,
  })
  const events = await cluster.events()
  expect([...events].sort()).toEqual(
    created.map((pod) => `Normal SuccessfulCreate Created pod: ${pod.metadata?.name}`).sort(),
  )
})

test('replicaSetController creates a thousand pods, none twice', async () => {
  await makeSet(1_000, {}, 2_000)
  expect(await pods()).toHaveLength(1_000)
  expect((await status())?.replicas).toBe(1_000)
  const creations = cluster.api.writes().filter((write) => write === 'POST /api/v1/namespaces/default/pods')
  expect(creations).toHaveLength(1_000)
})

test('replicaSetController replaces a deleted pod and removes what is too much', async () => {
  await makeSet(2)
  const [first] = await pods()
  await cluster.do(cluster.client.resource(Pod).delete('default', first?.metadata?.name ?? ''))
  expect(await pods()).toHaveLength(2)
  await cluster.change(ReplicaSet, 'default/web', { spec: { replicas: 0 } })
  expect(await pods()).toEqual([])
  expect((await cluster.events()).filter((event) => event.includes('SuccessfulDelete'))).toHaveLength(2)
})

test('replicaSetController counts a pod as available after minReadySeconds', async () => {
  await makeSet(1, { minReadySeconds: 30 })
  const [pod] = await pods()
  await makeReady(pod?.metadata?.name ?? '')
  expect(await status()).toMatchObject({ readyReplicas: 1 })
  expect((await status())?.availableReplicas).toBeUndefined()
  await cluster.host.advance(31_000)
  expect(await status()).toMatchObject({ readyReplicas: 1, availableReplicas: 1 })
})

test('replicaSetController adopts a matching pod and releases one that no longer matches', async () => {
  await cluster.create(Pod, { metadata: { name: 'orphan', namespace: 'default', labels } })
  await makeSet(1)
  expect((await pods()).map((pod) => pod.metadata?.name)).toEqual(['orphan'])
  await cluster.change(Pod, 'default/orphan', { metadata: { labels: { app: 'debug' } } })
  const all = await pods()
  expect(all).toHaveLength(2)
  expect(all.find((pod) => pod.metadata?.name === 'orphan')?.metadata?.ownerReferences).toEqual([])
  await cluster.create(Pod, { metadata: { name: 'late', namespace: 'default', labels } })
  expect(await cluster.list(Pod, 'app=web')).toHaveLength(1)
})

test('replicaSetController says in a condition why it cannot create pods, after few attempts', async () => {
  let isForbidden = true
  cluster.api.interceptors.push(({ method, path }) => {
    if (!isForbidden || method !== 'POST' || !path.endsWith('/pods')) return undefined
    throw statusError('Forbidden', 'pods "web-" is forbidden: exceeded quota')
  })
  await makeSet(100, {}, 20)
  expect((await status())?.conditions).toMatchObject([
    {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: 'pods "web-" is forbidden: exceeded quota',
    },
  ])
  expect(cluster.api.writes().filter((write) => write.endsWith('/pods')).length).toBeLessThan(5)
  expect(await cluster.events()).toEqual([
    'Warning FailedCreate Error creating: pods "web-" is forbidden: exceeded quota',
  ])
  isForbidden = false
  await cluster.host.advance(10_000)
  expect((await status())?.conditions).toBeUndefined()
  expect(await pods()).toHaveLength(100)
})

test('replicaSetController counts terminating pods apart', async () => {
  await makeSet(1)
  const [pod] = await pods()
  await cluster.change(Pod, `default/${pod?.metadata?.name}`, { metadata: { finalizers: ['test/hold'] } })
  await cluster.do(cluster.client.resource(Pod).delete('default', pod?.metadata?.name ?? ''))
  expect(await pods()).toHaveLength(2)
  expect(await status()).toMatchObject({ replicas: 1, terminatingReplicas: 1 })
})
