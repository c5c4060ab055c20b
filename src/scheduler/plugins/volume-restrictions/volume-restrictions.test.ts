import { describe, expect, test } from 'vitest'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { volumesConflict } from './volume-conflict.ts'
import { volumeRestrictions } from './volume-restrictions.ts'

const named = (source: Partial<core.v1.Volume>): core.v1.Volume => ({ name: 'v', ...source })
const gce = (pdName: string, readOnly = false) => named({ gcePersistentDisk: { pdName, readOnly } })
const ebs = (volumeID: string) => named({ awsElasticBlockStore: { volumeID, readOnly: true } })
const iscsi = (iqn: string, readOnly = false) =>
  named({ iscsi: { iqn, lun: 0, targetPortal: 'p', readOnly } })
const rbd = (image: string, monitors: readonly string[], readOnly = false) =>
  named({ rbd: { image, monitors, pool: 'p', readOnly } })

test.each([
  ['a disk twice', gce('a'), gce('a'), true],
  ['a disk that both only read', gce('a', true), gce('a', true), false],
  ['two disks', gce('a'), gce('b'), false],
  ['a block store, however it is read', ebs('a'), ebs('a'), true],
  ['a target twice', iscsi('a'), iscsi('a', true), true],
  ['an image of the same monitor', rbd('a', ['1', '2']), rbd('a', ['2']), true],
  ['an image of others', rbd('a', ['1']), rbd('a', ['2']), false],
  ['an image that both only read', rbd('a', ['1'], true), rbd('a', ['1'], true), false],
  ['two kinds', gce('a'), ebs('a'), false],
])('volumesConflict() of %s', (_name, one, other, expected) => {
  expect(volumesConflict(one, other)).toBe(expected)
})

describe('volumeRestrictions()', () => {
  const claim = (mode: string): core.v1.PersistentVolumeClaim => ({
    metadata: { name: 'c', namespace: 'default' },
    spec: { accessModes: [mode] },
  })
  const uses = (volume: core.v1.Volume, uid: string) =>
    makePodInfo({
      metadata: { name: uid, uid, namespace: 'default' },
      spec: { containers: [], volumes: [volume] },
    })
  const byClaim = named({ persistentVolumeClaim: { claimName: 'c' } })
  const refusals = (there: core.v1.Volume, wanted: core.v1.Volume, mode = 'ReadWriteOnce') => {
    const table = new NodeTable()
    for (const name of ['n1', 'n2']) table.setNode({ metadata: { name } })
    table.addPod('n1', uses(there, 'there'))
    const informers = new FixedInformers().set(PersistentVolumeClaim, claim(mode))
    const result = volumeRestrictions(pluginContext({ table, informers })).preFilter?.(uses(wanted, 'new'))
    if (result?.type === 'reject') return result.rejection.reasons
    return result?.type === 'filter'
      ? table.nodes.map((node) => result.filter(node)?.reasons.join())
      : result?.type
  }
  const taken =
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod'
  test.each([
    [
      'refuses the node of a taken disk',
      refusals(gce('a'), gce('a')),
      ['node(s) had no available disk', undefined],
    ],
    [
      'refuses all nodes for a claim of one pod',
      refusals(byClaim, byClaim, 'ReadWriteOncePod'),
      [taken, taken],
    ],
    ['lets pods share another claim', refusals(byClaim, byClaim), 'skip'],
    [
      'waits for a claim',
      refusals(gce('a'), named({ persistentVolumeClaim: { claimName: 'x' } })),
      ['persistentvolumeclaim "x" not found'],
    ],
  ])('%s', (_name, found, expected) => {
    expect(found).toEqual(expected)
  })
})
