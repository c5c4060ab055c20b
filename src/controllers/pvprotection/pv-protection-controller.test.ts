import { expect, test } from 'vitest'
import { PersistentVolume } from '../../api/core/persistent-volume/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { pvProtectionController } from './pv-protection-controller.ts'

test('pvProtectionController keeps a volume that is bound', async () => {
  const cluster = new TestCluster()
  cluster.start(pvProtectionController)
  await cluster.create(PersistentVolume, { metadata: { name: 'v' } })
  const volume = await cluster.change(PersistentVolume, 'v', { status: { phase: 'Bound' } })
  expect(volume.metadata?.finalizers).toEqual(['kubernetes.io/pv-protection'])
  await cluster.do(cluster.client.resource(PersistentVolume).delete('', 'v'))
  expect(await cluster.list(PersistentVolume)).toHaveLength(1)
  await cluster.change(PersistentVolume, 'v', { status: { phase: 'Released' } })
  expect(await cluster.list(PersistentVolume)).toEqual([])
  await cluster.stop()
})
