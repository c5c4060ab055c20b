import { afterEach, beforeEach, expect, test } from 'vitest'
import { Pod } from '../../api/core/pod/kind.ts'
import type { resource } from '../../api/generated/types/index.ts'
import { ResourceClaim } from '../../api/resource/resource-claim/kind.ts'
import { ResourceSlice } from '../../api/resource/resource-slice/kind.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { deviceTaintEvictionController } from './device-taint-eviction-controller.ts'

let cluster: TestCluster
beforeEach(async () => {
  cluster = new TestCluster()
  cluster.start(deviceTaintEvictionController())
  const pod = await cluster.create(Pod, {
    metadata: { name: 'p', namespace: 'default', finalizers: ['test/hold'] },
    spec: {
      containers: [],
      nodeName: 'n',
      resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }],
    },
  })
  await cluster.create(ResourceClaim, {
    metadata: { name: 'c', namespace: 'default' },
    spec: {},
    status: { reservedFor: [{ resource: 'pods', name: 'p', uid: pod.metadata?.uid ?? '' }] },
  })
})
afterEach(() => cluster.stop())

const allocate = (tolerations: readonly resource.v1.DeviceToleration[] = []) =>
  cluster.change(ResourceClaim, 'default/c', {
    status: {
      allocation: {
        devices: {
          results: [{ request: 'r', driver: 'd.test', pool: 'pool', device: 'gpu0', tolerations }],
        },
      },
    },
  })

const publish = (generation: number, effects: readonly string[], name = `s${generation}`) => {
  const taints = effects.map((effect) => ({
    key: 'broken',
    effect,
    timeAdded: formatTime(cluster.host.now()),
  }))
  return cluster.create(ResourceSlice, {
    metadata: { name },
    spec: {
      driver: 'd.test',
      pool: { name: 'pool', generation, resourceSliceCount: 1 },
      devices: [{ name: 'gpu0', taints }],
    },
  })
}

const isGoing = async () => (await cluster.get(Pod, 'default/p')).metadata?.deletionTimestamp !== undefined

test('deviceTaintEvictionController() deletes a pod whose device is tainted, and says why', async () => {
  await allocate()
  await publish(1, ['NoSchedule'])
  expect(await isGoing()).toBe(false)
  await publish(2, ['NoExecute'])
  expect(await isGoing()).toBe(true)
  expect((await cluster.get(Pod, 'default/p')).status?.conditions).toMatchObject([
    { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByDeviceTaintManager' },
  ])
  expect(await cluster.events()).toEqual(['Normal DeviceTaintManagerEviction Marking for deletion'])
})

test('deviceTaintEvictionController() waits as long as the claim tolerates the taint, unless that goes', async () => {
  await allocate([{ key: 'broken', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }])
  await publish(1, ['NoExecute'])
  await cluster.host.advance(50_000)
  expect(await isGoing()).toBe(false)
  await publish(2, [])
  expect(await cluster.events()).toEqual(['Normal DeviceTaintManagerEviction Cancelling deletion'])
  await publish(3, ['NoExecute'])
  await cluster.host.advance(61_000)
  expect(await isGoing()).toBe(true)
})

test('deviceTaintEvictionController() leaves pods alone whose claims tolerate the taint for ever', async () => {
  await allocate([{ key: 'broken', operator: 'Exists', effect: 'NoExecute' }])
  await publish(1, ['NoExecute'])
  await cluster.host.advance(600_000)
  expect(await isGoing()).toBe(false)
})
