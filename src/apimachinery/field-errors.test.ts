import { expect, test } from 'vitest'
import * as errors from './field-errors.ts'
import { fieldPath } from './field-path.ts'
import { goQuote } from './go-text.ts'
import { scaleIntOrPercent } from './int-or-string.ts'
import { semanticallyEqual } from './semantically-equal.ts'
import { formatMicroTime, formatTime, parseTime } from './time.ts'
import { utf8Length } from './utf8-length.ts'

const path = fieldPath('spec').child('containers').index(0).child('env').index(3).child('name')

test.each([
  [errors.required(path, 'why'), 'Required value: why'],
  [errors.required(path), 'Required value'],
  [errors.invalidValue(path, 'x"', 'why'), 'Invalid value: "x\\"": why'],
  [errors.invalidValue(path, { a: ['<'] }, 'why'), 'Invalid value: {"a":["\\u003c"]}: why'],
  [errors.invalidValue(path, 5, 'why'), 'Invalid value: 5: why'],
  [errors.notSupported(path, 'x', ['a', 'b']), 'Unsupported value: "x": supported values: "a", "b"'],
  [errors.duplicate(path, 'x'), 'Duplicate value: "x"'],
  [errors.fieldForbidden(path, 'no'), 'Forbidden: no'],
  [errors.fieldNotFound(path, 'x'), 'Not found: "x"'],
  [errors.tooLong(path, 1), 'Too long: may not be more than 1 byte'],
  [errors.tooMany(path, 3, 2), 'Too many: 3: must have at most 2 items'],
])('%o reads %j', (error, message) => {
  expect(error).toMatchObject({ field: 'spec.containers[0].env[3].name', message })
})

test('goQuote() escapes as Go does', () => {
  expect(goQuote('a\n\u0001\u00a0é\u{1f600}\u200b')).toBe('"a\\n\\x01\\u00a0é\u{1f600}\\u200b"')
})

test('utf8Length() counts bytes', () => {
  for (const text of ['', 'abc', 'é', '€', '\u{1f600}', 'a\ud800b'])
    expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length)
})

test('scaleIntOrPercent() scales and rounds', () => {
  expect(scaleIntOrPercent('25%', 10, true)).toEqual({ value: 3 })
  expect(scaleIntOrPercent('25%', 10, false)).toEqual({ value: 2 })
  expect(scaleIntOrPercent(4, 10, false)).toEqual({ value: 4 })
  expect(scaleIntOrPercent('4', 10, false)).toEqual({
    error: 'invalid value for IntOrString: invalid type: string is not a percentage',
  })
})

test('times are RFC 3339 in UTC', () => {
  const ms = Date.UTC(2024, 1, 29, 12, 30, 15, 250)
  expect(formatTime(ms)).toBe('2024-02-29T12:30:15Z')
  expect(formatMicroTime(ms)).toBe('2024-02-29T12:30:15.250000Z')
  expect(parseTime('2024-02-29T12:30:15.25Z')).toBe(ms)
  expect(parseTime('2024-02-29T14:30:15.25+02:00')).toBe(ms)
  for (const bad of ['2023-02-29T00:00:00Z', '2024-01-01', '2024-01-01T24:00:00Z', '2024-13-01T00:00:00Z'])
    expect(parseTime(bad)).toBeUndefined()
})

test('semanticallyEqual() takes empty for absent', () => {
  expect(semanticallyEqual({ a: [], b: 1 }, { b: 1, c: {} })).toBe(true)
  expect(semanticallyEqual({ a: [1] }, { a: [2] })).toBe(false)
  expect(semanticallyEqual(undefined, {})).toBe(true)
  expect(semanticallyEqual('', undefined)).toBe(false)
})
