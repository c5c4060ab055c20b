import { expect, test } from 'vitest'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { DeviceClass } from '../../../api/resource/device-class/kind.ts'
import { ResourceSlice } from '../../../api/resource/resource-slice/kind.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { DeviceFinder } from './device-finder.ts'

const node = (zone: string): core.v1.Node => ({ metadata: { name: 'n', labels: { zone } } })
const inZone = (zone: string): core.v1.NodeSelector => ({
  nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] }],
})
const slice = (device: string): resource.v1.ResourceSlice => ({
  metadata: { name: 's' },
  spec: {
    ...{ driver: 'x', nodeSelector: inZone('a'), devices: [{ name: device }] },
    pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
  },
})
const claim: resource.v1.ResourceClaim = {
  metadata: { name: 'c', namespace: 'd', uid: 'c' },
  spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'any' } }] } },
}

test('DeviceFinder searches what it knows of a node until the node or a slice changes', () => {
  const informers = new FixedInformers()
    .set(DeviceClass, { metadata: { name: 'any' }, spec: {} })
    .set(ResourceSlice, slice('g1'))
  const taken = { isTaken: () => false, capacityOf: () => undefined }
  const finder = new DeviceFinder(pluginContext({ informers }), taken)
  const found = (there: core.v1.Node): string | undefined =>
    finder.search(there).allocate([claim])?.[0]?.devices[0]?.offered.id
  const here = node('a')
  expect([found(here), found(here), found(node('b'))]).toEqual(['x/p/g1', 'x/p/g1', undefined])
  informers.set(ResourceSlice, slice('g2'))
  expect(found(here)).toBe('x/p/g2')
  informers.remove(ResourceSlice, slice('g2'))
  expect(found(here)).toBeUndefined()
})
