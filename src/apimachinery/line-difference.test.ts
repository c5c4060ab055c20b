import { expect, test } from 'vitest'
import { lineDifference } from './line-difference.ts'

const lines = (...parts: readonly string[]): string => parts.join('\n')
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`)

test('lineDifference() shows three lines around a change', () => {
  const after = [...numbers(1, 4), 'five', ...numbers(6, 9)]
  expect(lineDifference(lines(...numbers(1, 9)), lines(...after))).toBe(
    '@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n',
  )
})

test('lineDifference() has a hunk for each distant change', () => {
  const after = ['zero', ...numbers(1, 20), 'more']
  expect(lineDifference(lines(...numbers(1, 20)), lines(...after))).toBe(
    '@@ -1,3 +1,4 @@\n+zero\n 1\n 2\n 3\n@@ -18,3 +19,4 @@\n 18\n 19\n 20\n+more\n',
  )
})

test('lineDifference() is empty for what is equal', () => {
  expect(lineDifference('a\nb', 'a\nb')).toBe('')
})
