import { expect, test } from 'vitest'
import { PersistentVolume } from '../../api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { VolumeAttributesClass } from '../../api/storage/volume-attributes-class/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { vacProtectionController } from './vac-protection-controller.ts'

test('vacProtectionController keeps a class that a volume or a claim names', async () => {
  const cluster = new TestCluster()
  cluster.start(vacProtectionController)
  await cluster.create(VolumeAttributesClass, { metadata: { name: 'fast' }, driverName: 'd.test' })
  const held = await cluster.get(VolumeAttributesClass, 'fast')
  expect(held.metadata?.finalizers).toEqual(['kubernetes.io/vac-protection'])
  await cluster.create(PersistentVolume, {
    metadata: { name: 'v' },
    spec: { volumeAttributesClassName: 'fast' },
  })
  await cluster.create(PersistentVolumeClaim, {
    metadata: { name: 'c', namespace: 'default' },
    status: { modifyVolumeStatus: { status: 'Pending', targetVolumeAttributesClassName: 'fast' } },
  })
  await cluster.do(cluster.client.resource(VolumeAttributesClass).delete('', 'fast'))
  await cluster.do(cluster.client.resource(PersistentVolume).delete('', 'v'))
  expect(await cluster.list(VolumeAttributesClass)).toHaveLength(1)
  await cluster.change(PersistentVolumeClaim, 'default/c', { status: { modifyVolumeStatus: null } })
  expect(await cluster.list(VolumeAttributesClass)).toEqual([])
  await cluster.stop()
})
