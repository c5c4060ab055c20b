import { expect, test } from 'vitest'
import { endpointKey } from '../../api/discovery/endpoint-slice/slice-parts.ts'
import type { discovery } from '../../api/generated/types/index.ts'
import { type ArrangeOptions, arrangeEndpoints } from './arrange-endpoints.ts'

const labels = { app: 'web' }

const options: ArrangeOptions = {
  maxPerSlice: 100,
  isRelabelled: ({ metadata }) => metadata?.labels?.app !== labels.app,
  relabel: (one) => ({ ...one, metadata: { ...one.metadata, labels } }),
}

const endpoint = (name: string, ready = true): discovery.v1.Endpoint => ({
  addresses: [`10.0.0.${name}`],
  conditions: { ready },
  targetRef: { kind: 'Pod', namespace: 'default', name },
})

const named = (from: number, to: number): readonly discovery.v1.Endpoint[] =>
  Array.from({ length: to - from }, (_, index) => endpoint(String(from + index)))

const slice = (name: string, endpoints: readonly discovery.v1.Endpoint[]): discovery.v1.EndpointSlice => ({
  metadata: { name, labels },
  addressType: 'IPv4',
  endpoints,
})

const wanted = (endpoints: readonly discovery.v1.Endpoint[]) =>
  new Map(endpoints.map((one) => [endpointKey(one), one]))

function arrange(slices: readonly discovery.v1.EndpointSlice[], endpoints: readonly discovery.v1.Endpoint[]) {
  const { create, update, remove } = arrangeEndpoints(slices, wanted(endpoints), options)
  return {
    create: create.map((group) => group.length),
    update: Object.fromEntries(update.map((one) => [one.metadata?.name, one.endpoints?.length])),
    remove: remove.map((one) => one.metadata?.name),
  }
}

test('arrangeEndpoints() makes slices of at most 100', () => {
  expect(arrange([], named(0, 250))).toEqual({ create: [100, 100, 50], update: {}, remove: [] })
})

test('arrangeEndpoints() leaves alone what is as it should be', () => {
  expect(arrange([slice('a', named(0, 60)), slice('b', named(60, 90))], named(0, 90))).toEqual({
    create: [],
    update: {},
    remove: [],
  })
})

test('arrangeEndpoints() writes only the slice of an endpoint that changed', () => {
  const changed = [...named(0, 60), endpoint('60', false), ...named(61, 90)]
  expect(arrange([slice('a', named(0, 60)), slice('b', named(60, 90))], changed)).toEqual({
    create: [],
    update: { b: 30 },
    remove: [],
  })
})

test('arrangeEndpoints() fills slices that change anyway, the fullest first', () => {
  const slices = [slice('a', named(0, 50)), slice('b', named(50, 140)), slice('c', named(140, 150))]
  const now = [...named(1, 50), ...named(51, 150), ...named(200, 215)]
  expect(arrange(slices, now)).toEqual({ create: [], update: { a: 53, b: 100 }, remove: [] })
})

test('arrangeEndpoints() puts new endpoints into the fullest slice that has room for all of them', () => {
  const slices = [slice('a', named(0, 50)), slice('b', named(50, 145)), slice('c', named(145, 155))]
  expect(arrange(slices, [...named(0, 155), ...named(200, 210)])).toEqual({
    create: [],
    update: { a: 60 },
    remove: [],
  })
})

test('arrangeEndpoints() removes slices that lose all their endpoints', () => {
  expect(arrange([slice('a', named(0, 5)), slice('b', named(5, 8))], named(0, 5))).toEqual({
    create: [],
    update: {},
    remove: ['b'],
  })
})

test('arrangeEndpoints() updates labels', () => {
  const old = { ...slice('a', named(0, 5)), metadata: { name: 'a', labels: { app: 'old' } } }
  const { update } = arrangeEndpoints([old], wanted(named(0, 5)), options)
  expect(update.map((one) => one.metadata?.labels)).toEqual([labels])
})

test('arrangeEndpoints() fills an empty slice rather than making another', () => {
  expect(arrange([slice('a', [])], named(0, 3))).toEqual({ create: [], update: { a: 3 }, remove: [] })
})

test('arrangeEndpoints() leaves an endpoint in the first of two slices that hold it', () => {
  expect(arrange([slice('a', named(0, 5)), slice('b', named(3, 8))], named(0, 8))).toEqual({
    create: [],
    update: { b: 3 },
    remove: [],
  })
})

test('arrangeEndpoints() counts what comes and goes', () => {
  const { added, removed } = arrangeEndpoints([slice('a', named(0, 5))], wanted(named(2, 9)), options)
  expect([added, removed]).toEqual([4, 2])
})
