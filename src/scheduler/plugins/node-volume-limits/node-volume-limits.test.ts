import { expect, test } from 'vitest'
import { PersistentVolume } from '../../../api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import type { core, storage } from '../../../api/generated/types/index.ts'
import { CSIDriver } from '../../../api/storage/csi-driver/kind.ts'
import { CSINode } from '../../../api/storage/csi-node/kind.ts'
import { StorageClass } from '../../../api/storage/storage-class/kind.ts'
import { VolumeAttachment } from '../../../api/storage/volume-attachment/kind.ts'
import { actions, ClusterEvent, matchesRegistration } from '../../cluster-event.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { nodeVolumeLimits } from './node-volume-limits.ts'

const exceeded = 'node(s) exceed max volume count'
const pod = (uid: string, ...claims: readonly string[]) =>
  makePodInfo({
    metadata: { name: uid, uid, namespace: 'd' },
    spec: {
      containers: [],
      volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
    },
  })

/** Claims v1…v3 are bound to volumes of those names, `late` will be provisioned; the node takes `limit` volumes. */
function ask(
  limit: number | undefined,
  there: readonly string[],
  wanted: readonly string[],
  attached: readonly string[] = [],
  gates = {},
) {
  const informers = new FixedInformers()
    .set(StorageClass, { metadata: { name: 's' }, provisioner: 'csi' })
    .set(CSIDriver, { metadata: { name: 'csi' }, spec: { preventPodSchedulingIfMissing: true } })
    .set(PersistentVolumeClaim, {
      metadata: { name: 'late', namespace: 'd' },
      spec: { storageClassName: 's' },
    })
  if (limit !== undefined)
    informers.set(CSINode, {
      metadata: { name: 'n' },
      spec: { drivers: [{ name: 'csi', nodeID: 'n', allocatable: { count: limit } }] },
    })
  for (const name of ['v1', 'v2', 'v3']) {
    informers.set(PersistentVolume, {
      metadata: { name },
      spec: { csi: { driver: 'csi', volumeHandle: name } },
    })
    informers.set(PersistentVolumeClaim, { metadata: { name, namespace: 'd' }, spec: { volumeName: name } })
  }
  for (const name of attached)
    informers.set(VolumeAttachment, {
      metadata: { name },
      spec: { attacher: 'csi', nodeName: 'n', source: { persistentVolumeName: name } },
    })
  const table = new NodeTable()
  table.setNode({ metadata: { name: 'n' } })
  if (there.length > 0) table.addPod('n', pod('there', ...there))
  const result = nodeVolumeLimits(pluginContext({ informers, table, gates })).preFilter?.(
    pod('new', ...wanted),
  )
  return result?.type === 'filter'
    ? table.nodes.map((node) => result.filter(node)?.reasons.join() ?? '').join()
    : result?.type
}

test.each([
  ['passes over pods without claims', ask(0, [], []), 'skip'],
  ['lets as many as fit', ask(2, ['v1'], ['v2']), ''],
  ['refuses one more', ask(1, ['v1'], ['v2']), exceeded],
  ['counts a volume once', ask(1, ['v1'], ['v1']), ''],
  ['counts what is to be provisioned', ask(1, ['v1'], ['late']), exceeded],
  ['counts what is still attached', ask(2, ['v1'], ['v2'], ['v1', 'v3']), exceeded],
  ['counts what is attached without a pod, and what is wanted of it', ask(1, [], ['v1'], ['v1']), exceeded],
  ['knows no limit of a node without drivers', ask(undefined, ['v1'], ['v2', 'v3']), ''],
  ['misses a claim', ask(2, [], ['x']), 'looking up PVC d/x: persistentvolumeclaim "x" not found'],
  [
    'wants the driver there, with VolumeLimitScaling',
    ask(undefined, [], ['v1'], [], { VolumeLimitScaling: true }),
    'csi CSI driver is not installed on the node',
  ],
])('nodeVolumeLimits() %s', (_name, found, expected) => {
  expect(found).toBe(expected)
})

const driver = 'pd.csi.storage.gke.io'

/** A node that takes one of the driver's disks and has one; `csi`: it says what drivers it has. */
function askOf(volume: core.v1.Volume, csi = true): string {
  const informers = new FixedInformers()
    .set(StorageClass, { metadata: { name: 'old' }, provisioner: 'kubernetes.io/gce-pd' })
    .set(StorageClass, { metadata: { name: 'files' }, provisioner: 'kubernetes.io/azure-file' })
    .set(PersistentVolume, {
      metadata: { name: 'disk', labels: { 'topology.kubernetes.io/zone': 'eu-west1-b' } },
      spec: { gcePersistentDisk: { pdName: 'disk' } },
    })
    .set(PersistentVolumeClaim, { metadata: { name: 'disk', namespace: 'd' }, spec: { volumeName: 'disk' } })
  for (const name of ['old', 'files'])
    informers.set(PersistentVolumeClaim, {
      metadata: { name, namespace: 'd' },
      spec: { storageClassName: name },
    })
  const taken = [driver, 'file.csi.azure.com'].map((name) => ({
    name,
    nodeID: 'n',
    allocatable: { count: 1 },
  }))
  if (csi) informers.set(CSINode, { metadata: { name: 'n' }, spec: { drivers: taken } })
  informers.set(PersistentVolume, {
    metadata: { name: 'there' },
    spec: { csi: { driver, volumeHandle: 'projects/UNSPECIFIED/zones/eu-west1-b/disks/disk' } },
  })
  informers.set(PersistentVolumeClaim, {
    metadata: { name: 'there', namespace: 'd' },
    spec: { volumeName: 'there' },
  })
  const table = new NodeTable()
  table.setNode({ metadata: { name: 'n' } })
  table.addPod('n', pod('there', 'there'))
  const wanted = makePodInfo({
    metadata: { name: 'new', uid: 'new', namespace: 'd' },
    spec: { containers: [], volumes: [volume] },
  })
  const result = nodeVolumeLimits(pluginContext({ informers, table })).preFilter?.(wanted)
  if (result?.type !== 'filter') return String(result?.type)
  return table.nodes.map((node) => result.filter(node)?.reasons.join() ?? '').join()
}

const claimed = (claimName: string) => ({ name: 'v', persistentVolumeClaim: { claimName } })

test.each<[string, core.v1.Volume, string]>([
  ["a pod's own disk", { name: 'v', gcePersistentDisk: { pdName: 'disk' } }, exceeded],
  ['a disk that is to be made', claimed('old'), exceeded],
  ['the same disk under its old name once', claimed('disk'), ''],
  ['no file share: it is not counted for its driver', claimed('files'), ''],
  ['no file share of a pod', { name: 'v', azureFile: { secretName: 's', shareName: 's' } }, ''],
])('nodeVolumeLimits() counts for the driver that has taken it over: %s', (_name, volume, expected) => {
  expect(askOf(volume)).toBe(expected)
  expect(askOf(volume, false)).toBe('')
})

test('nodeVolumeLimits() cannot tell of a disk that its driver cannot have', () => {
  const azureDisk = { diskName: 'd', diskURI: 'u', kind: 'Shared' }
  expect(() => askOf({ name: 'v', azureDisk })).toThrow(
    'converting volume(v) from inline to csi: kind(Shared) is not supported in csi migration',
  )
})

test('nodeVolumeLimits() tries a pod again when a volume of the driver that has taken its own over is detached', () => {
  const { events = [] } = nodeVolumeLimits(pluginContext({ table: new NodeTable() }))
  const helps = (volume: core.v1.Volume, attacher: string): boolean => {
    const old: storage.v1.VolumeAttachment = { spec: { attacher, nodeName: 'n', source: {} } }
    const event = new ClusterEvent<storage.v1.VolumeAttachment>({
      kind: VolumeAttachment,
      action: actions.delete,
      old,
    })
    const spec = { containers: [], volumes: [volume] }
    const waiting = makePodInfo({ metadata: { name: 'p', uid: 'p' }, spec })
    return events.some((one) => matchesRegistration(one, event) && one.mayHelp(waiting, event))
  }
  expect(helps({ name: 'v', gcePersistentDisk: { pdName: 'disk' } }, driver)).toBe(true)
  expect(helps({ name: 'v', awsElasticBlockStore: { volumeID: 'vol-1' } }, driver)).toBe(false)
  expect(helps(claimed('x'), driver)).toBe(true)
})
