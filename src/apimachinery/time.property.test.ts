import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatTime, parseTime } from './time.ts'

const two = (most: number) => fc.integer({ min: 0, max: most }).map((value) => String(value).padStart(2, '0'))
const micros = fc.integer({ min: 0, max: 999_999 }).map((value) => `.${String(value).padStart(6, '0')}`)
const canonical = fc
  .tuple(
    fc.integer({ min: 0, max: 9999 }),
    ...[two(13), two(32), two(24), two(60), two(60), fc.oneof(fc.constant(''), micros)],
  )
  .map(
    ([year, month, day, hour, minute, second, fraction]) =>
      `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}${fraction}Z`,
  )

test('parseTime() takes the form in which times are written for what any other form of it says', () => {
  fc.assert(
    fc.property(canonical, (text) => {
      expect(parseTime(text)).toBe(parseTime(text.replace('Z', '+00:00')))
    }),
  )
})

test('parseTime() undoes formatTime()', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), (second) => {
      expect(parseTime(formatTime(second * 1000))).toBe(second * 1000)
    }),
  )
})

test('parseTime() refuses what has a digit too few', () => {
  for (const text of [
    '2026-1a-02T03:04:05Z',
    '2026-02-30T00:00:00Z',
    '2026-01-02t03:04:05Z',
    'x'.repeat(20),
    '2026-01-02T03:04:05.67890xZ',
  ])
    expect(parseTime(text)).toBeUndefined()
})
