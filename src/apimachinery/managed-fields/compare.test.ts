import { expect, test } from 'vitest'
import { compare } from './compare.ts'

test('compare() sees members that are called as those of every object are', () => {
  const schema = { properties: { labels: { additionalProperties: {} } } }
  const { added, removed } = compare({ labels: { toString: 'a' } }, { labels: { constructor: 'b' } }, schema)
  const names = (set: unknown): string => JSON.stringify(set)
  expect(names(added)).toContain('f:constructor')
  expect(names(removed)).toContain('f:toString')
})

test('compare() sees the parts of what was null, or is', () => {
  const schema = {
    properties: { names: { type: 'array', listType: 'set', items: { type: 'string' } }, one: {} },
  } as const
  const list = { names: ['a'], one: { b: 1 } }
  const nothing = { names: null, one: null }
  const parts = { 'f:names': { 'v:"a"': {} }, 'f:one': { 'f:b': {} } }
  expect(compare(nothing, list, schema)).toEqual({ added: parts })
  expect(compare(list, nothing, schema)).toEqual({ removed: parts })
  expect(compare({ names: null }, { names: [] }, schema)).toEqual({ modified: { 'f:names': {} } })
})
