import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../meta.ts'
import { applyJsonPatch } from './json-patch.ts'
import { applyMergePatch } from './merge-patch.ts'

const document: JsonValue = { a: { b: [1, 2, 3] }, 'x/y': 1 }

describe('applyJsonPatch()', () => {
  test.each<[string, readonly JsonValue[], JsonValue]>([
    ['adds to a map', [{ op: 'add', path: '/a/c', value: 4 }], { a: { b: [1, 2, 3], c: 4 }, 'x/y': 1 }],
    ['inserts into a list', [{ op: 'add', path: '/a/b/1', value: 9 }], { a: { b: [1, 9, 2, 3] }, 'x/y': 1 }],
    ['appends', [{ op: 'add', path: '/a/b/-', value: 9 }], { a: { b: [1, 2, 3, 9] }, 'x/y': 1 }],
    ['removes', [{ op: 'remove', path: '/a/b/0' }], { a: { b: [2, 3] }, 'x/y': 1 }],
    [
      'replaces by an escaped key',
      [{ op: 'replace', path: '/x~1y', value: 2 }],
      { a: { b: [1, 2, 3] }, 'x/y': 2 },
    ],
    ['moves', [{ op: 'move', from: '/x~1y', path: '/z' }], { a: { b: [1, 2, 3] }, z: 1 }],
    ['copies', [{ op: 'copy', from: '/a/b', path: '/c' }], { a: { b: [1, 2, 3] }, 'x/y': 1, c: [1, 2, 3] }],
    ['tests', [{ op: 'test', path: '/a/b/0', value: 1 }], document],
    ['tests absence with null', [{ op: 'test', path: '/nothing', value: null }], document],
  ])('%s', (_name, patch, expected) => {
    expect(applyJsonPatch(document, patch)).toEqual(expected)
  })

  test.each<[string, readonly JsonValue[], RegExp]>([
    ['a failing test', [{ op: 'test', path: '/a/b/0', value: 7 }], /testing value \/a\/b\/0 failed/],
    [
      'removing what is not there',
      [{ op: 'remove', path: '/nope' }],
      /Unable to remove nonexistent key: nope/,
    ],
    ['an unknown operation', [{ op: 'spin', path: '/a' }], /Unexpected kind: spin/],
    ['an index out of range', [{ op: 'add', path: '/a/b/7', value: 1 }], /invalid index referenced/],
    ['a path into what is no container', [{ op: 'add', path: '/x~1y/a', value: 1 }], /doc is missing path/],
    [
      'copies that add up',
      [
        { op: 'add', path: '/s', value: 'x'.repeat(2 ** 20) },
        ...[1, 2, 3].map((each) => ({ op: 'copy', from: '/s', path: `/s${each}` })),
      ],
      /exceeding the limit 3145728/,
    ],
  ])('refuses %s', (_name, patch, message) => {
    expect(() => applyJsonPatch(document, patch)).toThrow(message)
  })
})

describe('applyMergePatch()', () => {
  test('merges, deletes and replaces as RFC 7386 says', () => {
    expect(applyMergePatch({ a: 'b', c: { d: 'e', f: 'g' } }, { a: 'z', c: { f: null } })).toEqual({
      a: 'z',
      c: { d: 'e' },
    })
    expect(applyMergePatch([1], { a: 1 })).toEqual({ a: 1 })
    expect(applyMergePatch({ a: 1 }, 'x')).toBe('x')
  })
})
