import { expect, test } from 'vitest'
import { PersistentVolume } from '../../../api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import { StorageClass } from '../../../api/storage/storage-class/kind.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { volumeZone } from './volume-zone.ts'

const zone = 'topology.kubernetes.io/zone'
const betaZone = 'failure-domain.beta.kubernetes.io/zone'
const conflict = 'node(s) had no available volume zone'

function ask(labels: Record<string, string>, claimSpec: object = { volumeName: 'v' }) {
  const informers = new FixedInformers()
    .set(PersistentVolume, { metadata: { name: 'v', labels } })
    .set(StorageClass, {
      metadata: { name: 'late' },
      provisioner: 'p',
      volumeBindingMode: 'WaitForFirstConsumer',
    })
    .set(StorageClass, { metadata: { name: 'soon' }, provisioner: 'p', volumeBindingMode: 'Immediate' })
    .set(PersistentVolumeClaim, { metadata: { name: 'c', namespace: 'd' }, spec: claimSpec })
  const table = new NodeTable()
  for (const [name, value] of [
    ['a', 'a'],
    ['b', 'b'],
    ['bare', ''],
  ] as const)
    table.setNode({ metadata: { name, labels: value ? { [zone]: value } : {} } })
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }]
  const pod = makePodInfo({ metadata: { name: 'p', namespace: 'd' }, spec: { containers: [], volumes } })
  const result = volumeZone(pluginContext({ informers, table })).preFilter?.(pod)
  if (result?.type === 'reject') return result.rejection.reasons.join()
  if (result?.type !== 'filter') return result?.type
  return table.nodes.map((node) => result.filter(node)?.reasons.join() ?? '')
}

test.each([
  ['refuses nodes of other zones', ask({ [zone]: 'a' }), ['', conflict, '']],
  ['knows the old label', ask({ [betaZone]: 'a' }), ['', conflict, '']],
  ['knows volumes of several zones', ask({ [zone]: 'a__b' }), ['', '', '']],
  ['passes over a label that says nothing', ask({ [zone]: 'a__' }), 'skip'],
  ['passes over volumes without a zone', ask({}), 'skip'],
  ['passes over claims that wait for their pod', ask({}, { storageClassName: 'late' }), 'skip'],
  ['waits for claims that do not', ask({}, { storageClassName: 'soon' }), 'PersistentVolume had no name'],
  ['misses a class', ask({}, { storageClassName: 'x' }), 'storageclass.storage.k8s.io "x" not found'],
  ['misses a volume', ask({}, { volumeName: 'x' }), 'persistentvolume "x" not found'],
  ['misses both', ask({}, {}), 'PersistentVolumeClaim had no pv name and storageClass name'],
])('volumeZone() %s', (_name, found, expected) => {
  expect(found).toEqual(expected)
})
