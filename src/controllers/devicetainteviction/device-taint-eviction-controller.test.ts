import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Pod } from '../../api/core/pod/kind.ts'
import type { resource } from '../../api/generated/types/index.ts'
import { DeviceTaintRule } from '../../api/resource/device-taint-rule/kind.ts'
import { ResourceClaim } from '../../api/resource/resource-claim/kind.ts'
import { ResourceSlice } from '../../api/resource/resource-slice/kind.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { deviceTaintEvictionController } from './device-taint-eviction-controller.ts'

let cluster: TestCluster
beforeEach(async () => {
  cluster = new TestCluster()
  cluster.start(deviceTaintEvictionController())
  await makePodAndClaim()
})
afterEach(() => cluster.stop())

async function makePodAndClaim(): Promise<void> {
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
}

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

const rule = (effect: string) =>
  cluster.create(DeviceTaintRule, {
    metadata: { name: 'broken' },
    spec: {
      deviceSelector: { driver: 'd.test', device: 'gpu0' },
      taint: { key: 'broken', effect, timeAdded: formatTime(cluster.host.now()) },
    },
  })

const told = async () =>
  (await cluster.get(DeviceTaintRule, 'broken')).status?.conditions?.map(({ status, reason, message }) =>
    `${status} ${reason} ${message}`.trim(),
  )

describe('with DeviceTaintRules', () => {
  beforeEach(async () => {
    await cluster.stop()
    cluster = new TestCluster()
    cluster.start(deviceTaintEvictionController({ followsRules: true }))
    await makePodAndClaim()
  })

  test('deviceTaintEvictionController() deletes a pod for a rule, and tells in its status', async () => {
    await allocate([{ key: 'broken', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }])
    await rule('NoExecute')
    expect(await told()).toEqual(['True PodsPendingEviction 1 pod needs to be evicted in 1 namespace.'])
    await cluster.host.advance(50_000)
    expect(await isGoing()).toBe(false)
    await cluster.host.advance(25_000)
    expect(await isGoing()).toBe(true)
    expect(await told()).toEqual(['False Completed 1 pod evicted since starting the controller.'])
  })

  test('deviceTaintEvictionController() says what a rule without effect would do', async () => {
    await allocate()
    await publish(1, [])
    await rule('None')
    expect(await isGoing()).toBe(false)
    expect(await told()).toEqual([
      'False NoEffect 1 published device selected. 1 allocated device selected. 1 pod would be evicted in 1 namespace if the effect was NoExecute. This information will not be updated again. Recreate the DeviceTaintRule to trigger an update.',
    ])
  })

  test('deviceTaintEvictionController() leaves other effects to others', async () => {
    await allocate()
    await rule('NoSchedule')
    expect(await isGoing()).toBe(false)
    expect(await told()).toEqual(['False OtherEffect Eviction only happens for the NoExecute effect.'])
  })
})
