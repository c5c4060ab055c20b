import { expect, test } from 'vitest'
import { CachedObject } from './cached-object.ts'
import { RecordMap } from './record-map.ts'

const record = (id: string, revision: number): CachedObject =>
  new CachedObject(id, revision, new Uint8Array(), 0, undefined)

test('RecordMap knows what was made from an object at its revision', () => {
  const map = new RecordMap<string>(1000)
  map.set(record('default/a', 3), 'three', 10)
  expect(map.get(record('default/a', 3))).toBe('three')
  expect(map.get(record('default/a', 4))).toBeUndefined()
  map.set(record('default/a', 4), 'four', 10)
  expect([map.get(record('default/a', 4)), map.get(record('default/a', 3))]).toEqual(['four', undefined])
})
