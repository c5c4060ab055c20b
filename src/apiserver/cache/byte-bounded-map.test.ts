import { expect, test } from 'vitest'
import { ByteBoundedMap } from './byte-bounded-map.ts'

test('ByteBoundedMap keeps what was used last, within its bound', () => {
  const map = new ByteBoundedMap<number, string>(100)
  for (let key = 0; key < 1000; key++) {
    map.set(key, `v${key}`, 10)
    expect(map.get(0)).toBe('v0')
  }
  const kept = Array.from({ length: 1000 }, (_, key) => map.get(key)).filter((value) => value !== undefined)
  expect(kept.length).toBeGreaterThanOrEqual(4)
  expect(kept.length).toBeLessThanOrEqual(10)
})

test('ByteBoundedMap forgets what is deleted and never takes what is too large', () => {
  const map = new ByteBoundedMap<string, number>(100)
  map.set('a', 1, 10)
  map.delete('a')
  map.set('b', 2, 51)
  map.set('c', 3, 40)
  map.set('c', 4, 40)
  map.set('d', 5, 40)
  expect([map.get('a'), map.get('b'), map.get('c'), map.get('d')]).toEqual([undefined, undefined, 4, 5])
})
