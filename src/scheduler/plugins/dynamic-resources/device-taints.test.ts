import { expect, test } from 'vitest'
import type { resource } from '../../../api/generated/types/index.ts'
import { DeviceTaintRule } from '../../../api/resource/device-taint-rule/kind.ts'
import { NodeTable } from '../../node-table.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import type { DevicePool } from './device-pools.ts'
import { deviceTaints } from './device-taints.ts'

const own = { key: 'own', effect: 'NoSchedule' }
const rule = (key: string, deviceSelector?: resource.v1beta2.DeviceTaintSelector) => ({
  metadata: { name: key },
  spec: { taint: { key, effect: 'NoExecute' }, ...(deviceSelector === undefined ? {} : { deviceSelector }) },
})
const rules = [
  rule('all'),
  rule('empty', {}),
  rule('driver', { driver: 'x' }),
  rule('other driver', { driver: 'y' }),
  rule('pool', { pool: 'p' }),
  rule('device', { driver: 'x', pool: 'p', device: 'g1' }),
  rule('other device', { device: 'g2' }),
]

/** Keys of what taints the device g1 of the driver x. */
function keysOfTaints(gates: Readonly<Record<string, boolean>>): readonly string[] {
  const informers = new FixedInformers().set(DeviceTaintRule, ...rules)
  const slice = {
    spec: { driver: 'x', nodeName: 'n', pool: { name: 'p', generation: 1, resourceSliceCount: 1 } },
  }
  const device = { name: 'g1', taints: [own] }
  const pool: DevicePool = {
    ...{ driver: 'x', name: 'p', state: 'ready', devices: [], elsewhere: [] },
    counterSets: new Map(),
  }
  const taintsOf = deviceTaints(pluginContext({ table: new NodeTable(), informers, gates }))
  return taintsOf({ id: 'x/p/g1', device, slice, pool }).map(({ key }) => key)
}

test("deviceTaints() are drivers' and those of rules that select the device, each behind its gate", () => {
  expect(keysOfTaints({})).toEqual(['own'])
  expect(keysOfTaints({ DRADeviceTaintRules: true })).toEqual([
    ...['own', 'all', 'empty', 'driver', 'pool', 'device'],
  ])
  expect(keysOfTaints({ DRADeviceTaints: false, DRADeviceTaintRules: false })).toEqual([])
})
