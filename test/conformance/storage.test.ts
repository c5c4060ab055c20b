import { expect } from 'vitest'
import { isStatus } from '../../src/cluster/index.ts'
import { eventually, eventuallyGone } from './support/eventually.ts'
import { podSpec } from './support/samples.ts'
import { behaviours } from './support/suite.ts'

const driver = 'e2e.example.com'
const inlineVolumes = [
  { name: 'one', csi: { driver } },
  { name: 'two', csi: { driver, fsType: 'ext4', readOnly: true } },
]

const condition = (type: string, reason: string) => ({
  type,
  status: 'True',
  reason,
  message: 'Set from e2e test',
})

behaviours('Storage', {
  '[sig-storage] CSIInlineVolumes should support CSIVolumeSource in Pod API': async ({ api, namespace }) => {
    const path = `/api/v1/namespaces/${namespace}/pods`
    const volumeMounts = inlineVolumes.map(({ name }) => ({ name, mountPath: `/mnt/${name}` }))
    const pod = {
      metadata: { name: 'inline' },
      spec: {
        ...podSpec,
        volumes: inlineVolumes,
        containers: podSpec.containers.map((each) => ({ ...each, volumeMounts })),
      },
    }
    const made = await eventually(() => api.create(path, pod))
    const again: unknown = await api.create(path, pod).catch((thrown: unknown) => thrown)
    expect(isStatus(again, 'AlreadyExists')).toBe(true)
    const read = await api.get(`${path}/inline`)
    expect(read.metadata?.uid).toBe(made.metadata?.uid)
    expect(read.spec?.volumes).toEqual(expect.arrayContaining(inlineVolumes))
    expect(await api.list(path)).toHaveLength(1)
    const patched = await api.patch(`${path}/inline`, { metadata: { annotations: { patched: 'true' } } })
    expect(patched.metadata?.annotations).toMatchObject({ patched: 'true' })
    await api.delete(`${path}/inline`)
    await eventuallyGone(() => api.get(`${path}/inline`))
  },
  '[sig-storage] PersistentVolumes CSI Conformance should apply changes to a pv/pvc status': async ({
    api,
    namespace,
  }) => {
    const shared = {
      accessModes: ['ReadWriteOnce'],
      storageClassName: namespace,
    }
    const volume = '/api/v1/persistentvolumes'
    const claim = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`
    await api.create(volume, {
      metadata: { name: namespace, labels: { e2e: namespace } },
      spec: { ...shared, capacity: { storage: '2Gi' }, csi: { driver, volumeHandle: 'handle' } },
    })
    await api.create(claim, {
      metadata: { name: 'c' },
      spec: { ...shared, resources: { requests: { storage: '2Gi' } } },
    })
    expect(await api.list(volume, { labelSelector: `e2e=${namespace}` })).toHaveLength(1)
    expect(await api.list(claim)).toHaveLength(1)
    const [volumeStatus, claimStatus] = [`${volume}/${namespace}/status`, `${claim}/c/status`]
    expect((await api.get(claimStatus)).status?.phase).toMatch(/^(Pending|Bound)$/)
    expect((await api.get(volumeStatus)).status?.phase).toMatch(/^(Pending|Available|Bound)$/)

    const patched = condition('StatusPatched', 'E2E patchedStatus')
    const claimPatched = await api.patch(claimStatus, { status: { conditions: [patched] } })
    expect(claimPatched.status?.conditions).toContainEqual(expect.objectContaining(patched))
    const message = { message: 'StatusPatched', reason: 'E2E patchStatus' }
    expect((await api.patch(volumeStatus, { status: message })).status).toMatchObject(message)

    const updated = condition('StatusUpdated', 'E2E updateStatus')
    const claimUpdated = await eventually(async () => {
      const live = await api.get(`${claim}/c`)
      const status = { ...live.status, conditions: [patched, updated] }
      return api.update(claimStatus, { ...live, status })
    })
    expect(claimUpdated.status?.conditions).toContainEqual(expect.objectContaining(updated))
    const volumeUpdated = await eventually(async () => {
      const live = await api.get(`${volume}/${namespace}`)
      return api.update(volumeStatus, {
        ...live,
        status: { ...live.status, message: 'StatusUpdated', reason: 'E2E updateStatus' },
      })
    })
    expect(volumeUpdated.status).toMatchObject({ message: 'StatusUpdated', reason: 'E2E updateStatus' })
  },
})
