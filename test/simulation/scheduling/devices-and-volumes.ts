import { PersistentVolume } from '../../../src/api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../../src/api/core/persistent-volume-claim/kind.ts'
import type { core, resource } from '../../../src/api/generated/types/index.ts'
import { DeviceClass } from '../../../src/api/resource/device-class/kind.ts'
import { ResourceClaim } from '../../../src/api/resource/resource-claim/kind.ts'
import { ResourceSlice } from '../../../src/api/resource/resource-slice/kind.ts'
import { StorageClass } from '../../../src/api/storage/storage-class/kind.ts'
import { isStatus } from '../../../src/apimachinery/status-error.ts'
import type { Client } from '../../../src/client/client.ts'

/** A whole number below `limit`. */
export type Dice = (limit: number) => number

const driver = 'gpu.example'
const storageClassName = 'local'

/** Classes of both. */
export async function createClasses(client: Client): Promise<void> {
  await client.resource(DeviceClass).create({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'DeviceClass',
    metadata: { name: 'gpu' },
    spec: {},
  })
  await client.resource(StorageClass).create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: storageClassName },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  })
}

/** What a node brings: a device or two, and a disk. */
export async function equip(client: Client, node: string, dice: Dice): Promise<void> {
  await client.resource(ResourceSlice).create({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: `${node}-gpus` },
    spec: {
      ...{ driver, nodeName: node },
      pool: { name: node, generation: 1, resourceSliceCount: 1 },
      devices: Array.from({ length: 1 + dice(2) }, (_, index) => ({ name: `gpu-${index}` })),
    },
  })
  const expression = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] }
  await client.resource(PersistentVolume).create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `${node}-disk` },
    spec: {
      ...{ accessModes: ['ReadWriteOnce'], capacity: { storage: '10Gi' }, storageClassName },
      local: { path: '/disk' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } },
    },
    status: { phase: 'Available' },
  })
}

/** Its devices go with it; the disk stays. */
export async function unequip(client: Client, node: string): Promise<void> {
  try {
    await client.resource(ResourceSlice).delete('', `${node}-gpus`)
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
  }
}

/** What a pod asks for of them, made where it is not there; some share what another has asked for. */
export async function claimsFor(client: Client, pod: string, dice: Dice): Promise<Partial<core.v1.PodSpec>> {
  const owner = dice(3) === 0 ? 'shared' : pod
  if (dice(2) === 0) {
    await ensured(
      client.resource(ResourceClaim).create({
        apiVersion: 'resource.k8s.io/v1',
        kind: 'ResourceClaim',
        metadata: { name: owner, namespace: 'default' },
        spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } },
      }),
    )
    return { resourceClaims: [{ name: 'gpu', resourceClaimName: owner }] }
  }
  await ensured(
    client.resource(PersistentVolumeClaim).create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: owner, namespace: 'default' },
      spec: {
        ...{ accessModes: ['ReadWriteOnce'], storageClassName },
        resources: { requests: { storage: '5Gi' } },
      },
      status: { phase: 'Pending' },
    }),
  )
  return { volumes: [{ name: 'disk', persistentVolumeClaim: { claimName: owner } }] }
}

async function ensured(creating: Promise<unknown>): Promise<void> {
  try {
    await creating
  } catch (error) {
    if (!isStatus(error, 'AlreadyExists')) throw error
  }
}

const isOf = ({ metadata }: core.v1.Pod, { uid }: resource.v1.ResourceClaimConsumerReference): boolean =>
  uid === metadata?.uid

/** The resource claim controller's part: who has ended holds no devices. */
export async function giveBack(client: Client, pod: core.v1.Pod): Promise<void> {
  const claims = client.resource(ResourceClaim)
  let again = false
  for (const claim of (await claims.list()).items) {
    const { reservedFor = [], allocation, ...status } = claim.status ?? {}
    const left = reservedFor.filter((each) => !isOf(pod, each))
    if (left.length === reservedFor.length) continue
    const kept = left.length === 0 || allocation === undefined ? {} : { allocation }
    try {
      await claims.updateStatus({ ...claim, status: { ...status, ...kept, reservedFor: left } })
    } catch (error) {
      // The scheduler has written meanwhile; a controller looks again.
      if (!isStatus(error, 'Conflict')) throw error
      again = true
    }
  }
  if (again) await giveBack(client, pod)
}

/** The volume binder's part: a volume that names a claim and is not its own yet. */
export async function bindClaim(client: Client, volume: core.v1.PersistentVolume): Promise<void> {
  const { namespace = '', name = '', uid } = volume.spec?.claimRef ?? {}
  const claims = client.resource(PersistentVolumeClaim)
  const claim = await claims.get(namespace, name)
  if (claim.metadata?.uid !== uid || claim.spec?.volumeName) return
  const annotations = { ...claim.metadata?.annotations, 'pv.kubernetes.io/bind-completed': 'yes' }
  const bound = await claims.update({
    ...claim,
    metadata: { ...claim.metadata, annotations },
    spec: { ...claim.spec, volumeName: volume.metadata?.name ?? '' },
  })
  await claims.updateStatus({ ...bound, status: { phase: 'Bound' } })
}
