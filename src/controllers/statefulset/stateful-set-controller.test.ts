import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ControllerRevision } from '../../api/apps/controller-revision/kind.ts'
import { StatefulSet } from '../../api/apps/stateful-set/kind.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { statefulSetController } from './stateful-set-controller.ts'

let cluster: TestCluster

beforeEach(() => {
  cluster = new TestCluster()
  cluster.start(statefulSetController)
})

afterEach(() => cluster.stop())

const labels = { app: 'db' }
const template = (image = 'i:1') => ({ metadata: { labels }, spec: { containers: [{ name: 'c', image }] } })

const makeSet = (spec: object = {}): Promise<apps.v1.StatefulSet> =>
  cluster.create(StatefulSet, {
    metadata: { name: 'db', namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      serviceName: 'db',
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      template: template(),
      ...spec,
    },
  })

const pods = async (): Promise<readonly core.v1.Pod[]> => await cluster.list<core.v1.Pod>(Pod)
const names = async (): Promise<readonly (string | undefined)[]> =>
  (await pods()).map(({ metadata }) => metadata?.name).sort()
const images = async () =>
  Object.fromEntries(
    (await pods()).map((pod) => [pod.metadata?.name, pod.spec?.containers[0]?.image] as const),
  )
const status = async () => (await cluster.get<apps.v1.StatefulSet>(StatefulSet, 'default/db')).status

const makeReady = (name: string) =>
  cluster.change(Pod, `default/${name}`, {
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(cluster.host.now()) }],
    },
  })

/** Everything that is there becomes ready, until nothing new comes. */
async function settle(): Promise<void> {
  for (let round = 0; round < 12; round++) {
    const waiting = (await pods()).filter(({ status: of }) => of?.phase !== 'Running')
    if (waiting.length === 0) return
    for (const { metadata } of waiting) await makeReady(metadata?.name ?? '')
  }
}

test('it makes pods one after another, each when the one before is ready', async () => {
  await makeSet()
  expect(await names()).toEqual(['db-0'])
  await makeReady('db-0')
  expect(await names()).toEqual(['db-0', 'db-1'])
  await settle()
  expect(await names()).toEqual(['db-0', 'db-1', 'db-2'])
  const [first] = await pods()
  expect(first?.metadata?.labels).toMatchObject({
    app: 'db',
    'statefulset.kubernetes.io/pod-name': 'db-0',
    'apps.kubernetes.io/pod-index': '0',
  })
  expect([first?.spec?.hostname, first?.spec?.subdomain]).toEqual(['db-0', 'db'])
  const revision = first?.metadata?.labels?.['controller-revision-hash']
  expect(await status()).toEqual({
    observedGeneration: 1,
    replicas: 3,
    readyReplicas: 3,
    currentReplicas: 3,
    updatedReplicas: 3,
    currentRevision: revision,
    updateRevision: revision,
    collisionCount: 0,
    availableReplicas: 3,
  })
  expect(await cluster.events()).toContain(
    'Normal SuccessfulCreate Create Pod db-0 in StatefulSet db successful',
  )
})

test('it makes all at once where pods have no order, from the first number on', async () => {
  await makeSet({ podManagementPolicy: 'Parallel', ordinals: { start: 5 } })
  expect(await names()).toEqual(['db-5', 'db-6', 'db-7'])
})

test('it scales down from the highest number, and waits for each to be gone', async () => {
  await makeSet()
  await settle()
  await cluster.change(StatefulSet, 'default/db', { spec: { replicas: 1 } })
  expect(await names()).toEqual(['db-0'])
  const deletions = cluster.api.writes().filter((write) => write.startsWith('DELETE'))
  expect(deletions).toEqual([
    'DELETE /api/v1/namespaces/default/pods/db-2',
    'DELETE /api/v1/namespaces/default/pods/db-1',
  ])
})

describe('an update', () => {
  test('goes from the highest number down, one at a time, and may be undone', async () => {
    await makeSet()
    await settle()
    await cluster.change(StatefulSet, 'default/db', { spec: { template: template('i:2') } })
    expect(await images()).toEqual({ 'db-0': 'i:1', 'db-1': 'i:1', 'db-2': 'i:2' })
    await settle()
    expect(await images()).toEqual({ 'db-0': 'i:2', 'db-1': 'i:2', 'db-2': 'i:2' })
    const { currentRevision, updateRevision } = (await status()) ?? {}
    expect(currentRevision).toBe(updateRevision)
    await cluster.change(StatefulSet, 'default/db', { spec: { template: template('i:1') } })
    await settle()
    const revisions = await cluster.list<apps.v1.ControllerRevision>(ControllerRevision)
    expect(revisions.map(({ revision }) => revision).sort()).toEqual([2, 3])
    expect(await images()).toEqual({ 'db-0': 'i:1', 'db-1': 'i:1', 'db-2': 'i:1' })
  })

  test('leaves those below the partition, also when they are made anew', async () => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 2 } }
    await makeSet({ updateStrategy })
    await settle()
    await cluster.change(StatefulSet, 'default/db', { spec: { template: template('i:2') } })
    await settle()
    await cluster.do(cluster.client.resource(Pod).delete('default', 'db-0'))
    await settle()
    expect(await images()).toEqual({ 'db-0': 'i:1', 'db-1': 'i:1', 'db-2': 'i:2' })
    expect(await status()).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 })
  })

  test('takes as many at a time as may be away', async () => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 2 } }
    await makeSet({ updateStrategy, podManagementPolicy: 'Parallel' })
    await settle()
    await cluster.change(StatefulSet, 'default/db', { spec: { template: template('i:2') } })
    expect(await images()).toEqual({ 'db-0': 'i:1', 'db-1': 'i:2', 'db-2': 'i:2' })
  })

  test('waits for whoever deletes a pod where the strategy is OnDelete', async () => {
    await makeSet({ updateStrategy: { type: 'OnDelete' } })
    await settle()
    await cluster.change(StatefulSet, 'default/db', { spec: { template: template('i:2') } })
    expect(await images()).toEqual({ 'db-0': 'i:1', 'db-1': 'i:1', 'db-2': 'i:1' })
    await cluster.do(cluster.client.resource(Pod).delete('default', 'db-1'))
    expect((await images())['db-1']).toBe('i:2')
  })
})

test('a pod that has failed is made anew under its name', async () => {
  await makeSet({ replicas: 1 })
  const before = (await pods())[0]?.metadata?.uid
  await cluster.change(Pod, 'default/db-0', { status: { phase: 'Failed' } })
  const [after] = await pods()
  expect(after?.metadata?.name).toBe('db-0')
  expect(after?.metadata?.uid).not.toBe(before)
})

describe('claims', () => {
  const volumeClaimTemplates = [
    { metadata: { name: 'data', labels: { tier: 'fast' } }, spec: { accessModes: ['ReadWriteOnce'] } },
  ]
  const claims = () => cluster.list<core.v1.PersistentVolumeClaim>(PersistentVolumeClaim)

  test('are made with their pods, and stay', async () => {
    await makeSet({ volumeClaimTemplates, replicas: 2 })
    await settle()
    expect((await pods())[0]?.spec?.volumes).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } },
    ])
    await cluster.change(StatefulSet, 'default/db', { spec: { replicas: 0 } })
    const left = await claims()
    expect(left.map(({ metadata }) => metadata?.name)).toEqual(['data-db-0', 'data-db-1'])
    expect(left[0]?.metadata?.labels).toEqual({ tier: 'fast', app: 'db' })
    expect(left[0]?.metadata?.ownerReferences ?? []).toEqual([])
    expect(await cluster.events()).toContain(
      'Normal SuccessfulCreate Create Claim data-db-0 Pod db-0 in StatefulSet db success',
    )
  })

  test('belong to the set where they go with it, and to a pod that is scaled away', async () => {
    const persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Delete', whenScaled: 'Delete' }
    await makeSet({ volumeClaimTemplates, replicas: 2, persistentVolumeClaimRetentionPolicy })
    await settle()
    const owners = async () =>
      (await claims()).map(({ metadata }) =>
        metadata?.ownerReferences?.map(({ kind, name }) => `${kind} ${name}`),
      )
    expect(await owners()).toEqual([['StatefulSet db'], ['StatefulSet db']])
    await cluster.change(StatefulSet, 'default/db', { spec: { replicas: 1 } })
    expect(await owners()).toEqual([['StatefulSet db'], ['Pod db-1']])
  })
})

test('it keeps as many revisions as the limit says', async () => {
  await makeSet({ replicas: 1, revisionHistoryLimit: 1 })
  await settle()
  for (const image of ['i:2', 'i:3', 'i:4']) {
    await cluster.change(StatefulSet, 'default/db', { spec: { template: template(image) } })
    await settle()
  }
  const revisions = await cluster.list<apps.v1.ControllerRevision>(ControllerRevision)
  expect(revisions.map(({ revision }) => revision).sort()).toEqual([3, 4])
})
