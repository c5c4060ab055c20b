import { expect, test } from 'vitest'
import { FeatureGates } from './feature-gates.ts'
import { dropsDisabled } from './gated-fields.ts'

const features = new FeatureGates(
  {
    On: { default: true, locked: false, stage: 'Beta' },
    Off: { default: false, locked: false, stage: 'Alpha' },
  },
  new Map(),
)
const drop = dropsDisabled([
  { gate: 'On', paths: ['kept'] },
  { gate: 'Off', paths: ['one', 'list[].two', 'map{}.three'] },
])
const object = {
  kept: 1,
  one: 2,
  list: [{ a: 1, two: 2 }, { a: 3 }],
  map: { x: { b: 1, three: 3 } },
  other: 4,
}

test('dropsDisabled() drops what belongs to features that are off', () => {
  expect(drop<object>(object, undefined, features)).toEqual({
    kept: 1,
    list: [{ a: 1 }, { a: 3 }],
    map: { x: { b: 1 } },
    other: 4,
  })
})

test('dropsDisabled() keeps what was there before, and objects that have nothing of it', () => {
  expect(drop<object>(object, { list: [{ two: 9 }] }, features)).toBe(object)
  const plain = { kept: 1, list: [] }
  expect(drop(plain, undefined, features)).toBe(plain)
})

test('dropsDisabled() drops what would be left empty', () => {
  const dropShells = dropsDisabled([{ gate: 'Off', paths: ['list[].shell?.one'] }])
  const shells = { list: [{ shell: { one: 1 } }, { shell: { one: 1, two: 2 } }, { shell: {} }] }
  expect(dropShells<object>(shells, undefined, features)).toEqual({
    list: [{}, { shell: { two: 2 } }, { shell: {} }],
  })
})
