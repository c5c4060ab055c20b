import { expect } from 'vitest'
import { eventuallyGone } from './support/eventually.ts'
import { type Behave, behaviours } from './support/suite.ts'

const attributes = '/apis/storage.k8s.io/v1/volumeattributesclasses'

/** Created, found by its label, patched, and deleted: nothing keeps what nobody uses. */
const volumeAndClaim: Behave = async ({ api, namespace }) => {
  const volumes = '/api/v1/persistentvolumes'
  const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`
  const labels = { 'e2e-pv-pool': namespace }
  const resources = { requests: { storage: '1Gi' } }
  const accessModes = ['ReadWriteOnce']
  await api.create(volumes, {
    metadata: { name: namespace, labels },
    spec: {
      accessModes,
      capacity: { storage: '2Gi' },
      storageClassName: namespace,
      persistentVolumeReclaimPolicy: 'Retain',
      csi: { driver: 'driver.test', volumeHandle: 'e2e-conformance' },
    },
  })
  await api.create(claims, {
    metadata: { name: 'data' },
    spec: { accessModes, resources, storageClassName: namespace },
  })
  expect(await api.list(volumes, { labelSelector: `e2e-pv-pool=${namespace}` })).toHaveLength(1)
  expect(await api.list(claims)).toHaveLength(1)
  for (const path of [`${claims}/data`, `${volumes}/${namespace}`]) {
    const { metadata } = await api.patch(path, { metadata: { labels: { patched: 'true' } } })
    expect(metadata?.labels?.['patched']).toBe('true')
    expect((await api.get(path)).metadata?.uid).toBe(metadata?.uid)
    await api.delete(path)
    await eventuallyGone(() => api.get(path))
  }
}

const attributesClass: Behave = async ({ api, namespace }) => {
  const path = `${attributes}/${namespace}`
  const labels = { e2e: namespace }
  const made = await api.create(attributes, {
    metadata: { name: namespace, labels },
    driverName: 'driver.test',
    parameters: { iops: '1000' },
  })
  expect(made.metadata?.finalizers).toEqual(['kubernetes.io/vac-protection'])
  const patched = await api.patch(path, { metadata: { labels: { patched: 'true' } } })
  const updated = await api.update(path, {
    ...patched,
    metadata: { ...patched.metadata, labels: { ...patched.metadata?.labels, updated: 'true' } },
  })
  expect(updated.metadata?.labels).toEqual({ ...labels, patched: 'true', updated: 'true' })
  await api.delete(path)
  await eventuallyGone(() => api.get(path))
  await api.create(attributes, {
    metadata: { name: namespace, labels },
    driverName: 'driver.test',
    parameters: { iops: '1000' },
  })
  await api.delete(attributes, { labelSelector: `e2e=${namespace}` })
  await eventuallyGone(() => api.get(path))
}

behaviours('what is in use', {
  '[sig-storage] PersistentVolumes CSI Conformance should run through the lifecycle of a PV and a PVC':
    volumeAndClaim,
  '[sig-storage] VolumeAttributesClass [FeatureGate:VolumeAttributesClass] should run through the lifecycle of a VolumeAttributesClass':
    attributesClass,
})
