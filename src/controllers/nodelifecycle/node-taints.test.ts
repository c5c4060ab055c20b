import { expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { wantedTaints } from './node-taints.ts'

const nowMs = Date.UTC(2026, 0, 1)
const timeAdded = '2026-01-01T00:00:00Z'

const nodeWith = (
  conditions: Readonly<Record<string, string>>,
  spec: core.v1.NodeSpec = {},
): core.v1.Node => ({
  metadata: { name: 'n1' },
  spec,
  status: { conditions: Object.entries(conditions).map(([type, status]) => ({ type, status })) },
})

const key = (name: string) => `node.kubernetes.io/${name}`

test.each([
  { conditions: { Ready: 'True' }, keys: [] },
  { conditions: { Ready: 'False' }, keys: ['not-ready'] },
  { conditions: { Ready: 'Unknown' }, keys: ['unreachable'] },
  { conditions: { Ready: 'True', MemoryPressure: 'True' }, keys: ['memory-pressure'] },
  {
    conditions: { Ready: 'True', DiskPressure: 'True', PIDPressure: 'True' },
    keys: ['disk-pressure', 'pid-pressure'],
  },
  { conditions: { Ready: 'True', NetworkUnavailable: 'True' }, keys: ['network-unavailable'] },
  { conditions: { Ready: 'True', MemoryPressure: 'Unknown' }, keys: [] },
])('wantedTaints() of $conditions', ({ conditions, keys }) => {
  expect(wantedTaints(nodeWith(conditions), undefined, nowMs)).toEqual(
    keys.map((name) => ({ key: key(name), effect: 'NoSchedule', timeAdded })),
  )
})

test('wantedTaints() keeps taints of others, and its own with the time of their making', () => {
  const taints = [
    { key: 'gpu', effect: 'NoSchedule' },
    { key: key('unreachable'), effect: 'NoSchedule', timeAdded: '2025-12-31T00:00:00Z' },
    { key: key('not-ready'), effect: 'NoSchedule' },
    { key: key('not-ready'), effect: 'NoExecute' },
  ]
  const node = nodeWith({ Ready: 'Unknown' }, { taints, unschedulable: true })
  expect(wantedTaints(node, key('unreachable'), nowMs)).toEqual([
    taints[0],
    taints[1],
    { key: key('unschedulable'), effect: 'NoSchedule', timeAdded },
    { key: key('unreachable'), effect: 'NoExecute', timeAdded },
  ])
})

test('wantedTaints() gives the same list when nothing changes', () => {
  const node = nodeWith({ Ready: 'True' }, { taints: [{ key: 'gpu', effect: 'NoSchedule' }] })
  expect(wantedTaints(node, undefined, nowMs)).toBe(node.spec?.taints)
})
