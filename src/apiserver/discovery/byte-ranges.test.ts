import { expect, test } from 'vitest'
import { readRanges } from './byte-ranges.ts'

const noOverlap = 'invalid range: failed to overlap'

test.each<[string, number, readonly (readonly [number, number])[] | string]>([
  ['', 10, []],
  ['bytes=', 10, []],
  ['bytes=0-3', 10, [[0, 4]]],
  ['bytes=8-', 10, [[8, 2]]],
  ['bytes=8-99', 10, [[8, 2]]],
  ['bytes=-3', 10, [[7, 3]]],
  ['bytes=-99', 10, [[0, 10]]],
  [
    'bytes= 0-0 , 2-3',
    10,
    [
      [0, 1],
      [2, 2],
    ],
  ],
  ['bytes=0-0,50-', 10, [[0, 1]]],
  ['bytes=0-9,0-9', 10, []],
  ['bytes=10-', 10, noOverlap],
  ['bytes=0-', 0, []],
  ['bytes=5-2', 10, 'invalid range'],
  ['bytes=x-2', 10, 'invalid range'],
  ['bytes=--2', 10, 'invalid range'],
  ['bytes=3', 10, 'invalid range'],
  ['items=0-3', 10, 'invalid range'],
])('readRanges(%j) of %i bytes', (header, size, expected) => {
  const ranges = readRanges(header, size)
  expect(typeof ranges === 'string' ? ranges : ranges.map(({ start, length }) => [start, length])).toEqual(
    expected,
  )
})
