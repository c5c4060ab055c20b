import { describe, expect, test } from 'vitest'
import {
  countIndexSet,
  countShared,
  formatIndexes,
  hasIndex,
  indexSetOf,
  joinIndexes,
  missingIndexes,
  parseIndexes,
} from './index-set.ts'

describe('parseIndexes()', () => {
  test.each([
    ['', 10, ''],
    ['3', 10, '3'],
    ['1,3-5,7', 10, '1,3-5,7'],
    ['1-2,3,4', 10, '1-4'],
    ['0-4,6', 5, '0-4'],
    ['0-9', 5, '0-4'],
    ['x,2,3-y,5', 10, '2,5'],
  ])('of %s with %i completions is %s', (text, completions, expected) => {
    expect(formatIndexes(parseIndexes(text, completions))).toBe(expected)
  })
})

test('formatIndexes() writes two neighbours one by one', () => {
  expect(formatIndexes(indexSetOf([5, 1, 2, 9, 8, 7]))).toBe('1,2,5,7-9')
})

test('joinIndexes() joins what touches', () => {
  const joined = joinIndexes(parseIndexes('0-2,8', 10), indexSetOf([3, 6]), parseIndexes('5-7', 10))
  expect(formatIndexes(joined)).toBe('0-3,5-8')
  expect(countIndexSet(joined)).toBe(8)
})

test('hasIndex() finds what is inside an interval', () => {
  const set = parseIndexes('1,3-5,9', 10)
  expect([0, 1, 2, 3, 4, 5, 6, 9, 10].filter((index) => hasIndex(set, index))).toEqual([1, 3, 4, 5, 9])
})

test.each([
  ['0-9', '2,5-6', 3],
  ['0-3,8-9', '3-8', 2],
  ['0-1', '2-3', 0],
  ['0,2,4', '0-4', 3],
  ['', '1', 0],
])('countShared(%s, %s) is %i', (one, other, expected) => {
  expect(countShared(parseIndexes(one, 10), parseIndexes(other, 10))).toBe(expected)
  expect(countShared(parseIndexes(other, 10), parseIndexes(one, 10))).toBe(expected)
})

test('missingIndexes() gives the lowest that are not there', () => {
  const set = parseIndexes('0,2-3,6', 10)
  expect(missingIndexes(set, 10, 3)).toEqual([1, 4, 5])
  expect(missingIndexes(set, 5, 9)).toEqual([1, 4])
  expect(missingIndexes([], 2, 9)).toEqual([0, 1])
})
