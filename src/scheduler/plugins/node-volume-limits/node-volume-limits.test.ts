import { expect, test } from 'vitest'
import { PersistentVolume } from '../../../api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import { CSIDriver } from '../../../api/storage/csi-driver/kind.ts'
import { CSINode } from '../../../api/storage/csi-node/kind.ts'
import { StorageClass } from '../../../api/storage/storage-class/kind.ts'
import { VolumeAttachment } from '../../../api/storage/volume-attachment/kind.ts'
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
