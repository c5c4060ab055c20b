import { expect, test } from 'vitest'
import type { Endpoint, Slice, SliceChanges } from './slice-changes.ts'
import { hintAtZones } from './zone-hints.ts'
import { isOverloaded, movesBetween, sharesOf, type ZoneRatios } from './zone-shares.ts'

const endpoint = (zone: string, hint?: string, ready = true): Endpoint => ({
  addresses: ['10.0.0.1'],
  conditions: { ready },
  ...(zone === '' ? {} : { zone }),
  ...(hint === undefined ? {} : { hints: { forZones: [{ name: hint }] } }),
})

/** `a>b`: in zone a, hinting at b; `-a`: not ready. */
const slice = (...texts: readonly string[]): Slice => ({
  metadata: { name: texts.join() },
  addressType: 'IPv4',
  endpoints: texts.map((text) => {
    const [zone = '', hint] = text.replace('-', '').split('>')
    return endpoint(zone, hint, !text.startsWith('-'))
  }),
})

const changes = (of: Partial<SliceChanges>): SliceChanges => ({
  create: [],
  update: [],
  remove: [],
  unchanged: [],
  ...of,
})

const hintsOf = (slices: readonly Slice[]) =>
  slices.map(({ endpoints }) =>
    (endpoints ?? []).map(({ hints }) => hints?.forZones?.[0]?.name ?? '-').join(' '),
  )

const ratios = (...parts: readonly number[]): ZoneRatios =>
  new Map(parts.map((part, index) => [String.fromCharCode(97 + index), part]))

function hint(of: Partial<SliceChanges>, zones: ZoneRatios) {
  const hints = hintAtZones(changes(of), zones)
  if (typeof hints === 'string') return hints
  const { create, update, unchanged } = hints.changes
  return {
    create: hintsOf(create),
    update: hintsOf(update),
    unchanged: hintsOf(unchanged),
    counts: Object.fromEntries(hints.counts),
  }
}

test('hintAtZones() hints at the own zone where every zone has its share', () => {
  expect(hint({ create: [slice('a', 'b', 'a', 'b')] }, ratios(0.5, 0.5))).toEqual({
    create: ['a b a b'],
    update: [],
    unchanged: [],
    counts: { a: 2, b: 2 },
  })
})

test('hintAtZones() lets zones with too many endpoints serve others', () => {
  expect(hint({ create: [slice('a', 'a', 'a', 'a', 'b', 'b')] }, ratios(1 / 3, 1 / 3, 1 / 3))).toMatchObject({
    create: ['c c a a b b'],
    counts: { a: 2, b: 2, c: 2 },
  })
})

test('hintAtZones() does not move endpoints for less than one', () => {
  const eleven = slice('a', 'a', 'a', 'a', 'a', 'a', 'b', 'b', 'b', 'b', 'b')
  expect(hint({ create: [eleven] }, ratios(0.5, 0.5))).toMatchObject({ create: ['a a a a a a b b b b b'] })
})

test('hintAtZones() leaves out what is not ready', () => {
  expect(hint({ create: [slice('a', '-a', 'b')] }, ratios(0.5, 0.5))).toMatchObject({
    create: ['a - b'],
    counts: { a: 1, b: 1 },
  })
})

test('hintAtZones() writes unchanged slices only where their hints are missing or too many', () => {
  const kept = slice('a>a', 'b>b')
  expect(hint({ create: [slice('a', 'b')], unchanged: [kept] }, ratios(0.5, 0.5))).toEqual({
    create: ['a b'],
    update: [],
    unchanged: ['a b'],
    counts: { a: 2, b: 2 },
  })
  expect(hint({ unchanged: [slice('a>a', 'b')] }, ratios(0.5, 0.5))).toMatchObject({ update: ['a b'] })
  expect(hint({ unchanged: [slice('a>z', 'b>b')] }, ratios(0.5, 0.5))).toMatchObject({ update: ['a b'] })
  expect(hint({ unchanged: [slice('a>a', 'a>a', 'a>a', 'b>a')] }, ratios(0.5, 0.5))).toMatchObject({
    update: ['b a a b'],
  })
})

test('hintAtZones() says why there are no hints', () => {
  const two = { create: [slice('a', 'b')] }
  expect(hint(two, undefined)).toContain('Insufficient Node information')
  expect(hint(two, ratios(0.4, 0.3, 0.3))).toBe('Insufficient number of endpoints (2 endpoints, 3 zones)')
  expect(hint({ create: [slice('a', 'b', 'b', '')] }, ratios(0.5, 0.5))).toBe(
    'One or more endpoints do not have a zone specified',
  )
  expect(hint({ create: [slice('a', 'b')] }, ratios(0.7, 0.3))).toBe(
    'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (2 endpoints, 2 zones)',
  )
})

test('sharesOf() is between what overloads no zone and what leaves enough for the others', () => {
  expect(sharesOf(ratios(0.5, 0.5), 10)).toEqual(
    new Map([
      ['a', { minimum: 5, desired: 5, maximum: 5 }],
      ['b', { minimum: 5, desired: 5, maximum: 5 }],
    ]),
  )
  expect(sharesOf(ratios(0.75, 0.25), 12)).toEqual(
    new Map([
      ['a', { minimum: 8, desired: 9, maximum: 9 }],
      ['b', { minimum: 3, desired: 3, maximum: 4 }],
    ]),
  )
})

test('isOverloaded() tells of zones with too few endpoints', () => {
  const counts = (a: number, b: number) =>
    new Map([
      ['a', a],
      ['b', b],
    ])
  expect(isOverloaded(new Map(), ratios(0.5, 0.5))).toBe(false)
  expect(isOverloaded(counts(5, 5), ratios(0.5, 0.5))).toBe(false)
  expect(isOverloaded(counts(8, 4), ratios(0.5, 0.5))).toBe(true)
  expect(isOverloaded(counts(5, 5), ratios(0.4, 0.3, 0.3))).toBe(true)
  expect(isOverloaded(counts(5, 5), undefined)).toBe(true)
})

test('movesBetween() gives to the neediest zone first', () => {
  const shares = new Map(['a', 'b', 'c'].map((zone) => [zone, { minimum: 3, desired: 3, maximum: 5 }]))
  const moves = movesBetween(
    shares,
    new Map([
      ['a', 7],
      ['b', 2],
    ]),
  )
  expect(Object.fromEntries(moves.giving)).toEqual({ a: 4 })
  expect(Object.fromEntries(moves.receiving)).toEqual({ c: 3, b: 1 })
})
