import { afterEach, beforeEach, expect, test } from 'vitest'
import { Pod } from '../../api/core/pod/kind.ts'
import { PodGroup } from '../../api/scheduling/pod-group/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { podGroupProtectionController } from './pod-group-protection-controller.ts'

const finalizers = ['scheduling.k8s.io/podgroup-protection']

let cluster: TestCluster
beforeEach(async () => {
  cluster = new TestCluster()
  cluster.start(podGroupProtectionController)
  await cluster.create(PodGroup, {
    metadata: { name: 'g', namespace: 'default', finalizers },
    spec: { schedulingPolicy: { basic: {} } },
  })
  await cluster.create(Pod, {
    metadata: { name: 'p', namespace: 'default' },
    spec: { containers: [], schedulingGroup: { podGroupName: 'g' } },
  })
})
afterEach(() => cluster.stop())

const remove = () => cluster.do(cluster.client.resource(PodGroup).delete('default', 'g'))
const groups = async () => (await cluster.list(PodGroup)).length

test('podGroupProtectionController keeps a group that a pod at work names, until that has ended', async () => {
  await remove()
  expect(await groups()).toBe(1)
  await cluster.change(Pod, 'default/p', { status: { phase: 'Succeeded' } })
  expect(await groups()).toBe(0)
})

test('podGroupProtectionController lets go of a group when its last pod is gone', async () => {
  await remove()
  await cluster.do(cluster.client.resource(Pod).delete('default', 'p'))
  expect(await groups()).toBe(0)
})
