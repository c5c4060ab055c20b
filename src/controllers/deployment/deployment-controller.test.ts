import { afterEach, beforeEach, expect, test } from 'vitest'
import { Deployment } from '../../api/apps/deployment/kind.ts'
import { ReplicaSet } from '../../api/apps/replica-set/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { isPodReady } from '../../api/core/pod/pod-state.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { keyOf } from '../../reconcile/owner-references.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { replicaSetController } from '../replicaset/replica-set-controller.ts'
import { deploymentController } from './deployment-controller.ts'

let cluster: TestCluster
/** Pods of these images never become ready. */
let broken: Set<string>

beforeEach(() => {
  cluster = new TestCluster()
  broken = new Set()
  cluster.start(deploymentController)
  cluster.start(replicaSetController)
})

afterEach(() => cluster.stop())

/** Plays the node: what is not broken becomes ready. */
async function play(rounds = 30): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const waiting = (await cluster.list<core.v1.Pod>(Pod)).filter(
      (pod) => !isPodReady(pod) && !broken.has(pod.spec?.containers[0]?.image ?? ''),
    )
    for (const pod of waiting) {
      const ready = { type: 'Ready', status: 'True', lastTransitionTime: formatTime(cluster.host.now()) }
      const status = { phase: 'Running', conditions: [ready] }
      // It may be gone by now.
      await cluster.change(Pod, keyOf(pod), { status }).catch(() => {})
    }
    if (waiting.length === 0) await cluster.host.advance(100)
  }
}

const labels = { app: 'web' }

const make = async (replicas: number, spec: object = {}): Promise<void> => {
  await cluster.create(Deployment, {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
      ...spec,
    },
  })
}

const setImage = (image: string) =>
  cluster.change(Deployment, 'default/web', {
    spec: { template: { spec: { containers: [{ name: 'c', image }] } } },
  })

const deployment = () => cluster.get<apps.v1.Deployment>(Deployment, 'default/web')
const sets = () => cluster.list<apps.v1.ReplicaSet>(ReplicaSet)
const pods = () => cluster.list<core.v1.Pod>(Pod)
const images = async () => (await pods()).map((pod) => pod.spec?.containers[0]?.image).sort()
const revisions = async () =>
  Object.fromEntries(
    (await sets()).map(({ metadata, spec }) => [
      spec?.template?.spec?.containers[0]?.image,
      `${metadata?.annotations?.['deployment.kubernetes.io/revision']}: ${spec?.replicas}`,
    ]),
  )
const condition = async (type: string) =>
  (await deployment()).status?.conditions?.find((candidate) => candidate.type === type)

test('deploymentController makes a set of pods and reports when they are available', async () => {
  await make(3)
  const [set] = await sets()
  const hash = set?.metadata?.labels?.['pod-template-hash']
  expect(set?.metadata?.name).toBe(`web-${hash}`)
  expect(set).toMatchObject({
    metadata: {
      labels: { app: 'web' },
      annotations: {
        'deployment.kubernetes.io/revision': '1',
        'deployment.kubernetes.io/desired-replicas': '3',
        'deployment.kubernetes.io/max-replicas': '4',
      },
      ownerReferences: [{ kind: 'Deployment', name: 'web', controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web', 'pod-template-hash': hash } },
      template: { metadata: { labels: { app: 'web', 'pod-template-hash': hash } } },
    },
  })
  expect(await condition('Progressing')).toMatchObject({
    status: 'True',
    reason: 'ReplicaSetUpdated',
    message: `ReplicaSet "web-${hash}" is progressing.`,
  })
  expect(await condition('Available')).toMatchObject({
    status: 'False',
    reason: 'MinimumReplicasUnavailable',
    message: 'Deployment does not have minimum availability.',
  })
  await play(5)
  const { metadata, status } = await deployment()
  expect(metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('1')
  expect(status).toMatchObject({
    observedGeneration: 1,
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    terminatingReplicas: 0,
  })
  expect(status?.unavailableReplicas).toBeUndefined()
  expect(await condition('Progressing')).toMatchObject({
    status: 'True',
    reason: 'NewReplicaSetAvailable',
    message: `ReplicaSet "web-${hash}" has successfully progressed.`,
  })
  expect(await condition('Available')).toMatchObject({
    status: 'True',
    reason: 'MinimumReplicasAvailable',
    message: 'Deployment has minimum availability.',
  })
  const events = (await cluster.events()).filter((event) => event.includes('ScalingReplicaSet'))
  expect(events).toEqual([`Normal ScalingReplicaSet Scaled up replica set web-${hash} from 0 to 3`])
})

test('deploymentController rolls out a new template without losing availability', async () => {
  await make(4)
  await play(5)
  let least = Number.POSITIVE_INFINITY
  let most = 0
  const informer = cluster.informers.informer<core.v1.Pod>(Pod)
  const stopWatching = informer.onChange(() => {
    const all = informer.lister.list()
    least = Math.min(least, all.filter(isPodReady).length)
    most = Math.max(most, all.length)
  })
  least = Number.POSITIVE_INFINITY
  await setImage('v2')
  await play()
  stopWatching()
  expect(await images()).toEqual(['v2', 'v2', 'v2', 'v2'])
  expect(least).toBeGreaterThanOrEqual(4)
  expect(most).toBeLessThanOrEqual(5)
  expect(await revisions()).toEqual({ v1: '1: 0', v2: '2: 4' })
  expect(await condition('Progressing')).toMatchObject({ reason: 'NewReplicaSetAvailable' })
})

test('deploymentController goes back to an old set, as its newest revision', async () => {
  await make(2)
  await play(3)
  await setImage('v2')
  await play(10)
  await setImage('v1')
  await play(10)
  expect(await images()).toEqual(['v1', 'v1'])
  expect(await revisions()).toEqual({ v1: '3: 2', v2: '2: 0' })
  const first = (await sets()).find((set) => set.spec?.template?.spec?.containers[0]?.image === 'v1')
  expect(first?.metadata?.annotations?.['deployment.kubernetes.io/revision-history']).toBe('1')
  expect((await deployment()).metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('3')
})

test('deploymentController keeps as many old sets as its history allows', async () => {
  await make(1, { revisionHistoryLimit: 1 })
  for (const image of ['v2', 'v3', 'v4']) {
    await play(5)
    await setImage(image)
  }
  await play(10)
  expect(await revisions()).toEqual({ v3: '3: 0', v4: '4: 1' })
})

test('deploymentController recreates: all old pods are gone before new ones come', async () => {
  await make(2, { strategy: { type: 'Recreate' } })
  await play(3)
  const [held] = await pods()
  await cluster.change(Pod, keyOf(held ?? {}), { metadata: { finalizers: ['test/hold'] } })
  await setImage('v2')
  await cluster.host.advance(1_000)
  expect(await images()).toEqual(['v1'])
  await cluster.change(Pod, keyOf(held ?? {}), { metadata: { finalizers: [] } })
  await play(5)
  expect(await images()).toEqual(['v2', 'v2'])
  expect(await revisions()).toEqual({ v1: '1: 0', v2: '2: 2' })
})

test('deploymentController scales without a rollout', async () => {
  await make(2)
  await play(3)
  await cluster.change(Deployment, 'default/web', { spec: { replicas: 5 } })
  await play(3)
  expect(await pods()).toHaveLength(5)
  expect(await revisions()).toEqual({ v1: '1: 5' })
  await cluster.change(Deployment, 'default/web', { spec: { replicas: 0 } })
  await play(3)
  expect(await pods()).toHaveLength(0)
  expect((await cluster.events()).filter((event) => event.includes('Scaled')).length).toBe(3)
})

test('deploymentController scales proportionally in the midst of a rollout', async () => {
  broken.add('v2')
  await make(10, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } })
  await play(3)
  await setImage('v2')
  await play(5)
  expect(await revisions()).toEqual({ v1: '1: 8', v2: '2: 5' })
  await cluster.change(Deployment, 'default/web', { spec: { replicas: 15 } })
  await play(5)
  expect(await revisions()).toEqual({ v1: '1: 11', v2: '2: 7' })
})

test('deploymentController leaves the template of a paused Deployment alone', async () => {
  await make(2)
  await play(3)
  await cluster.change(Deployment, 'default/web', { spec: { paused: true } })
  expect(await condition('Progressing')).toMatchObject({
    status: 'Unknown',
    reason: 'DeploymentPaused',
    message: 'Deployment is paused',
  })
  await setImage('v2')
  await cluster.change(Deployment, 'default/web', { spec: { replicas: 3 } })
  await play(3)
  expect(await images()).toEqual(['v1', 'v1', 'v1'])
  await cluster.change(Deployment, 'default/web', { spec: { paused: false } })
  await play(15)
  expect(await images()).toEqual(['v2', 'v2', 'v2'])
  expect(await condition('Progressing')).toMatchObject({ reason: 'NewReplicaSetAvailable' })
})

test('deploymentController says when a rollout makes no progress in time, and when it does again', async () => {
  broken.add('v2')
  await make(2, { progressDeadlineSeconds: 60 })
  await play(3)
  await setImage('v2')
  await play(3)
  await cluster.host.advance(50_000)
  expect(await condition('Progressing')).toMatchObject({ status: 'True', reason: 'ReplicaSetUpdated' })
  await cluster.host.advance(15_000)
  const name = (await sets()).find((set) => set.spec?.template?.spec?.containers[0]?.image === 'v2')
  expect(await condition('Progressing')).toMatchObject({
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
    message: `ReplicaSet "${name?.metadata?.name}" has timed out progressing.`,
  })
  expect(await condition('Available')).toMatchObject({ status: 'True' })
  broken.clear()
  await play(10)
  expect(await condition('Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' })
})

test('deploymentController rests when there is nothing to do', async () => {
  await make(2)
  await play(5)
  const writes = cluster.api.writes().length
  await cluster.host.advance(3_600_000)
  expect(cluster.api.writes()).toHaveLength(writes)
})

test('deploymentController shows why its set has no pods', async () => {
  cluster.api.interceptors.push(({ method, path }) => {
    if (method !== 'POST' || !path.endsWith('/pods')) return undefined
    throw statusError('Forbidden', 'exceeded quota')
  })
  await make(2)
  expect(await condition('ReplicaFailure')).toMatchObject({
    status: 'True',
    reason: 'FailedCreate',
    message: 'exceeded quota',
  })
})

test('deploymentController shows why it cannot make a set', async () => {
  let isForbidden = true
  cluster.api.interceptors.push(({ method, path }) => {
    if (!isForbidden || method !== 'POST' || !path.endsWith('/replicasets')) return undefined
    throw statusError('Forbidden', 'no sets for you')
  })
  await make(1)
  expect(await condition('Progressing')).toMatchObject({ status: 'False', reason: 'ReplicaSetCreateError' })
  expect((await cluster.events())[0]).toMatch(
    /^Warning ReplicaSetCreateError Failed to create new replica set "web-[a-z0-9]+": no sets for you$/,
  )
  isForbidden = false
  await cluster.host.advance(60_000)
  await play(3)
  expect(await condition('Progressing')).toMatchObject({ reason: 'NewReplicaSetAvailable' })
})

test('deploymentController takes another hash when the name is taken', async () => {
  await make(1)
  const [first] = await sets()
  const name = first?.metadata?.name ?? ''
  await cluster.do(cluster.client.resource(Deployment).delete('default', 'web'))
  await cluster.change(ReplicaSet, `default/${name}`, { metadata: { ownerReferences: null, labels: null } })
  await make(1)
  await cluster.host.advance(1_000)
  expect((await deployment()).status?.collisionCount).toBe(1)
  const names = (await sets()).map((set) => set.metadata?.name)
  expect(names).toHaveLength(2)
  expect(new Set(names).size).toBe(2)
})

test('deploymentController adopts a matching set', async () => {
  await make(2)
  await play(3)
  await cluster.do(cluster.client.resource(Deployment).delete('default', 'web'))
  const [set] = await sets()
  await cluster.change(ReplicaSet, keyOf(set ?? {}), { metadata: { ownerReferences: null } })
  await make(2)
  await play(3)
  const all = await sets()
  expect(all).toHaveLength(1)
  expect(all[0]?.metadata?.ownerReferences?.[0]?.uid).toBe((await deployment()).metadata?.uid)
})

test('deploymentController rolls back by the old annotation', async () => {
  await make(1)
  await play(3)
  await setImage('v2')
  await play(5)
  const annotations = { 'deprecated.deployment.rollback.to': '0' }
  await cluster.change(Deployment, 'default/web', { metadata: { annotations } })
  await play(8)
  expect(await images()).toEqual(['v1'])
  expect(await cluster.events()).toContain(
    'Normal DeploymentRollback Rolled back deployment "web" to revision 1',
  )
})
