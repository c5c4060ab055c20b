import { afterEach, beforeEach, expect, test } from 'vitest'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { ephemeralVolumeController } from './ephemeral-volume-controller.ts'

let cluster: TestCluster
beforeEach(() => {
  cluster = new TestCluster()
  cluster.start(ephemeralVolumeController)
})
afterEach(() => cluster.stop())

const spec = { resources: { requests: { storage: '1Gi' } } }
const addPod = () =>
  cluster.create(Pod, {
    metadata: { name: 'p', namespace: 'default' },
    spec: {
      containers: [],
      volumes: [
        { name: 'v', ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: 'b' } }, spec } } },
      ],
    },
  })

test('ephemeralVolumeController makes the claim of a pod, and makes it again', async () => {
  const pod = await addPod()
  const claim = () => cluster.get(PersistentVolumeClaim, 'default/p-v')
  expect(await claim()).toMatchObject({
    metadata: {
      labels: { a: 'b' },
      ownerReferences: [{ kind: 'Pod', name: 'p', uid: pod.metadata?.uid, controller: true }],
    },
    spec,
  })
  const { uid } = (await claim()).metadata ?? {}
  await cluster.do(cluster.client.resource(PersistentVolumeClaim).delete('default', 'p-v'))
  expect((await claim()).metadata?.uid).not.toBe(uid)
})

test('ephemeralVolumeController leaves a claim alone that is not the pod’s', async () => {
  await cluster.create(PersistentVolumeClaim, { metadata: { name: 'p-v', namespace: 'default' } })
  await addPod()
  expect((await cluster.events())[0]).toBe(
    'Warning FailedBinding ephemeral volume v: PVC default/p-v was not created for pod default/p (pod is not owner)',
  )
})
