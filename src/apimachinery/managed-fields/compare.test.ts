import { expect, test } from 'vitest'
import { compare } from './compare.ts'

test('compare() sees members that are called as those of every object are', () => {
  const schema = { properties: { labels: { additionalProperties: {} } } }
  const { added, removed } = compare({ labels: { toString: 'a' } }, { labels: { constructor: 'b' } }, schema)
  const names = (set: unknown): string => JSON.stringify(set)
  expect(names(added)).toContain('f:constructor')
  expect(names(removed)).toContain('f:toString')
})
