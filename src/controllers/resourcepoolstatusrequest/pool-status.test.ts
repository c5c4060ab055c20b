import { describe, expect, test } from 'vitest'
import type { resource } from '../../api/generated/types/index.ts'
import { ResourceClaim } from '../../api/resource/resource-claim/kind.ts'
import { ResourcePoolStatusRequest } from '../../api/resource/resource-pool-status-request/kind.ts'
import { ResourceSlice } from '../../api/resource/resource-slice/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { requestStatus } from './pool-status.ts'
import { poolStatusController } from './pool-status-controller.ts'

type Slice = resource.v1.ResourceSlice

const slice = (
  pool: string,
  generation: number,
  devices: number,
  more: Partial<Slice['spec']> = {},
): Slice => ({
  metadata: { name: `${pool}-${generation}-${devices}` },
  spec: {
    driver: 'd.test',
    pool: { name: pool, generation, resourceSliceCount: 1 },
    devices: Array.from({ length: devices }, (_, index) => ({ name: `gpu${index}` })),
    ...more,
  },
})

const holding = (pool: string, devices: number): resource.v1.ResourceClaim => ({
  metadata: { name: `c-${pool}`, namespace: 'default' },
  spec: {},
  status: {
    allocation: {
      devices: {
        results: Array.from({ length: devices }, (_, index) => ({
          request: 'r',
          driver: 'd.test',
          pool,
          device: `gpu${index}`,
        })),
      },
    },
  },
})

const ask = (slices: readonly Slice[], spec: Partial<resource.v1alpha3.ResourcePoolStatusRequestSpec> = {}) =>
  requestStatus({ metadata: {}, spec: { driver: 'd.test', ...spec } }, slices, [holding('a', 2)], 0)

describe('requestStatus()', () => {
  test('counts the devices of the newest generation, and those that claims hold', () => {
    const answer = ask([slice('b', 1, 4), slice('a', 1, 9), slice('a', 2, 3, { nodeName: 'n' })])
    expect(answer?.poolCount).toBe(2)
    expect(answer?.pools).toMatchObject([
      {
        poolName: 'a',
        generation: 2,
        nodeName: 'n',
        totalDevices: 3,
        allocatedDevices: 2,
        availableDevices: 1,
      },
      { poolName: 'b', totalDevices: 4, allocatedDevices: 0, availableDevices: 4, unavailableDevices: 0 },
    ])
    expect(answer?.conditions?.[0]?.message).toBe('Calculated status for 2 pools')
  })

  test('answers for the driver and the pool that are asked for, and no more than the limit', () => {
    const slices = [slice('a', 1, 1), slice('b', 1, 1), slice('b', 1, 2, { driver: 'other' })]
    expect(ask(slices, { poolName: 'b' })?.pools?.map(({ totalDevices }) => totalDevices)).toEqual([1])
    expect(ask(slices, { limit: 1 })).toMatchObject({ poolCount: 2, pools: [{ poolName: 'a' }] })
  })

  test('waits for the slices that a pool lacks', () => {
    const pool = { name: 'a', generation: 1, resourceSliceCount: 2 }
    expect(ask([slice('a', 1, 1, { pool })])).toBeUndefined()
  })
})

test('poolStatusController() answers once, and removes the request an hour later', async () => {
  const cluster = new TestCluster()
  cluster.start(poolStatusController())
  await cluster.create(ResourceSlice, slice('a', 1, 3))
  await cluster.create(ResourceClaim, holding('a', 2))
  await cluster.create(ResourcePoolStatusRequest, { metadata: { name: 'q' }, spec: { driver: 'd.test' } })
  const answered = await cluster.get(ResourcePoolStatusRequest, 'q')
  expect(answered.status?.pools).toMatchObject([{ poolName: 'a', availableDevices: 1 }])
  await cluster.host.advance(3_590_000)
  expect(await cluster.list(ResourcePoolStatusRequest)).toEqual([answered])
  await cluster.host.advance(10_000)
  expect(await cluster.list(ResourcePoolStatusRequest)).toEqual([])
  await cluster.stop()
})
