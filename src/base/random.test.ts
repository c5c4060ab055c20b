import { expect, test } from 'vitest'
import { Random } from './random.ts'

test('next() is uniform in [0, 1)', () => {
  const random = new Random(42)
  const buckets = new Array<number>(10).fill(0)
  for (let draw = 0; draw < 100_000; draw++) {
    const value = random.next()
    const index = Math.floor(value * 10)
    buckets[index] = (buckets[index] ?? 0) + 1
  }
  expect(buckets.length).toBe(10)
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500)
})

test('bytes() covers all values', () => {
  const bytes = new Random(1).bytes(10_001)
  expect(bytes.length).toBe(10_001)
  expect(new Set(bytes).size).toBe(256)
})

test('Random differs for seeds that differ only above 2^32', () => {
  expect(new Random(1).next()).not.toBe(new Random(1 + 2 ** 32).next())
})
