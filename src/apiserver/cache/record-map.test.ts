import { expect, test } from 'vitest'
import { CachedObject, GoneObject } from './cached-object.ts'
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

test('RecordMap keeps an object apart from what watchers see of it when it leaves their selection', () => {
  const map = new RecordMap<string>(1000)
  const gone = new GoneObject('default/a', 3, new Uint8Array(), 0, undefined)
  map.set(gone, 'before', 10)
  expect(map.get(record('default/a', 3))).toBeUndefined()
  map.set(record('default/a', 3), 'three', 10)
  expect(map.get(gone)).toBeUndefined()
})
