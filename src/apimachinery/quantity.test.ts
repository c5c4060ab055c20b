import { describe, expect, test } from 'vitest'
import {
  addQuantities,
  amountOf,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  quantityMilli,
  quantityNumber,
  quantityOfUnits,
  quantityUnits,
} from './quantity.ts'

describe('canonicalQuantity()', () => {
  test.each([
    ['0', '0'],
    ['0.0', '0'],
    ['100m', '100m'],
    ['1', '1'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1.5', '1500m'],
    ['1.500', '1.500'],
    ['+5', '+5'],
    ['1.5Gi', '1536Mi'],
    ['1024Ki', '1Mi'],
    ['1000Ki', '1000Ki'],
    ['1024', '1024'],
    ['1000', '1k'],
    ['100000', '100k'],
    ['128974848', '128974848'],
    ['129e6', '129e6'],
    ['129M', '129M'],
    ['1e3', '1e3'],
    ['1000e3', '1e6'],
    ['1E', '1E'],
    ['0.1n', '1n'],
    ['0.5Ki', '512'],
    ['0.3Ki', '307200m'],
    ['0.0001Ki', '102400u'],
    ['-1500m', '-1500m'],
    ['-1000m', '-1'],
    ['9223372036854775807', '9223372036854775807'],
    ['100Ei', '9223372036854775807'],
  ])('writes %s as %s', (text, expected) => {
    expect(canonicalQuantity(text)).toBe(expected)
  })
  test.each(['', 'a', '1.2.3', '1 Gi', '1gi', '1GB', 'Gi', '-', '1e', '1ee3'])('refuses %j', (text) => {
    expect(canonicalQuantity(text)).toBeUndefined()
  })
})

test('parseQuantity() says what is wrong in the words of upstream', () => {
  expect(parseQuantity('1 Gi')).toEqual({
    error: "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  })
  expect(parseQuantity('1Kik')).toEqual({ error: "unable to parse quantity's suffix" })
  expect(parseQuantity('Ki')).toEqual({ error: 'unable to parse numeric part of quantity' })
})

test('quantityUnits() and quantityMilli() round up', () => {
  expect(quantityUnits('1500m')).toBe(2)
  expect(quantityUnits('1Gi')).toBe(1073741824)
  expect(quantityUnits('1.5Gi')).toBe(1610612736)
  expect(quantityUnits('16Ei')).toBe(Number(2n ** 63n - 1n))
  expect(quantityMilli('100m')).toBe(100)
  expect(quantityMilli('2')).toBe(2000)
  expect(quantityMilli('1u')).toBe(1)
  expect(quantityMilli('0.1')).toBe(100)
  expect(quantityNumber('1500m')).toBe(1.5)
})

test('quantities add and compare exactly', () => {
  expect(addQuantities('0.1', '200m')).toBe('300m')
  expect(addQuantities('1Gi', '512Mi')).toBe('1536Mi')
  expect(addQuantities('0', '512Mi')).toBe('512Mi')
  expect(compareQuantities('1Gi', '1G')).toBe(1)
  expect(compareQuantities('1000m', '1')).toBe(0)
  expect(compareQuantities('1n', '2n')).toBe(-1)
  expect(quantityOfUnits(4 * 2 ** 30, 'BinarySI')).toBe('4Gi')
  expect(formatQuantity(amountOf('1e3') ?? { nano: 0n, format: 'DecimalSI' })).toBe('1e3')
})
