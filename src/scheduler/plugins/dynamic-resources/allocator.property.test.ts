import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { Allocator } from './allocator.ts'
import { DeviceMatcher } from './device-matcher.ts'
import { gatherPools } from './device-pools.ts'

type Device = resource.v1.Device

const driver = 'd.example.com'
const node: core.v1.Node = { metadata: { name: 'n' } }
const models = ['a', 'b'] as const

const device = fc.record({
  model: fc.constantFrom(...models),
  units: fc.integer({ min: 0, max: 3 }),
  taken: fc.boolean(),
})
const request = fc.record({
  model: fc.constantFrom(undefined, ...models),
  count: fc.integer({ min: 1, max: 2 }),
})
const world = fc.record({
  devices: fc.array(device, { maxLength: 5 }),
  requests: fc.array(request, { minLength: 1, maxLength: 3 }),
  same: fc.boolean(),
  distinct: fc.boolean(),
  units: fc.integer({ min: 0, max: 6 }),
})
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

/** Tries every way to give distinct devices to the requests. */
function canBeDone({ devices, requests, same, distinct, units }: World): boolean {
  const wanted = requests.flatMap(({ model, count }) => Array.from({ length: count }, () => model))
  const left = units - devices.reduce((sum, one) => sum + (one.taken ? one.units : 0), 0)
  const attempt = (chosen: readonly number[]): boolean => {
    const taken = chosen.flatMap((place) => devices[place] ?? [])
    const seen = new Set(taken.map(({ model }) => model))
    if (same && seen.size > 1) return false
    if (distinct && seen.size < taken.length) return false
    const used = taken.reduce((sum, one) => sum + one.units, 0)
    if (taken.some((one) => one.units > 0) && used > left) return false
    if (chosen.length === wanted.length) return true
    const model = wanted[chosen.length]
    return devices.some(
      (one, place) =>
        !one.taken &&
        !chosen.includes(place) &&
        (model === undefined || one.model === model) &&
        attempt([...chosen, place]),
    )
  }
  return attempt([])
}

function isFound({ devices, requests, same, distinct, units }: World): boolean {
  const pool = { name: 'p', generation: 1, resourceSliceCount: 2 }
  const made = devices.map(
    (one, place): Device => ({
      name: String(place),
      attributes: { model: { string: one.model } },
      ...(one.units === 0
        ? {}
        : { consumesCounters: [{ counterSet: 's', counters: { units: { value: String(one.units) } } }] }),
    }),
  )
  const slices: readonly resource.v1.ResourceSlice[] = [
    {
      metadata: { name: 'counters' },
      spec: {
        driver,
        nodeName: 'n',
        pool,
        sharedCounters: [{ name: 's', counters: { units: { value: String(units) } } }],
      },
    },
    { metadata: { name: 'devices' }, spec: { driver, nodeName: 'n', pool, devices: made } },
  ]
  const constraints = [
    ...(same ? [{ matchAttribute: `${driver}/model` }] : []),
    ...(distinct ? [{ distinctAttribute: `${driver}/model` }] : []),
  ]
  const claim: resource.v1.ResourceClaim = {
    metadata: { name: 'c', namespace: 'd' },
    spec: {
      devices: {
        constraints,
        requests: requests.map(({ model, count }, place) => ({
          name: String(place),
          exactly: {
            ...{ deviceClassName: 'any', count },
            selectors: model
              ? [{ cel: { expression: `device.attributes["${driver}"].model == "${model}"` } }]
              : [],
          },
        })),
      },
    },
  }
  const taken = (id: string): boolean => devices[Number(id.split('/')[2])]?.taken === true
  const parts = {
    taken: { isTaken: taken, capacityOf: () => undefined },
    matcher: new DeviceMatcher(),
    gates: { partitions: true, sharing: true, preparation: true },
    taintsOf: () => [],
    classOf: (name: string) => ({ metadata: { name }, spec: {} }),
    shareId: () => '',
  }
  const pools = gatherPools(node, { forNode: () => slices, all: () => slices }, true)
  const [found] = new Allocator(parts, node, pools).allocate([claim]) ?? []
  if (found === undefined) return false
  const names = found.devices.map(({ offered }) => offered.id)
  expect(new Set(names).size).toBe(names.length)
  expect(names.some(taken)).toBe(false)
  return true
}

test('Allocator finds devices exactly where trying every combination does', () => {
  fc.assert(
    fc.property(world, (given) => {
      expect(isFound(given)).toBe(canBeDone(given))
    }),
    { numRuns: 150 },
  )
})
