import { expect, test } from 'vitest'
import { environmentFileValue } from './environment-file.ts'

test.each([
  ["A='1'\nB='two lines\nof it' # note", 'B', 'two lines\nof it'],
  ["# A='0'\n\n  A='$X'", 'A', '$X'],
  ["A= 'x'", 'A', ''],
  ["A='1'", 'Z', ''],
])('environmentFileValue() reads %j', (text, key, value) => {
  expect(environmentFileValue(text, key)).toBe(value)
})

test.each([
  ['A', "invalid environment variable format at line 1: missing '='"],
  ["A ='1'", "invalid environment variable format at line 1: whitespace before '=' is not allowed"],
  ['A=1', 'invalid environment variable format at line 1: value must be enclosed in single quotes'],
  ["\nA='1", 'invalid environment variable format starting at line 2: unclosed single quote'],
])('environmentFileValue() refuses %j', (text, message) => {
  expect(() => environmentFileValue(text, 'A')).toThrow(message)
})
