import { describe, expect, test } from 'vitest'
import type { Fields } from '../managed-fields/typed.ts'
import type { Schema } from '../schema.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'

const container: Schema = {
  name: 'Container',
  properties: {
    name: { type: 'string' },
    env: {
      type: 'array',
      patchStrategy: 'merge',
      patchMergeKey: 'name',
      items: { properties: { name: {}, value: {} } },
    },
    args: { type: 'array' },
  },
}
const schema: Schema = {
  properties: {
    containers: { type: 'array', patchStrategy: 'merge', patchMergeKey: 'name', items: container },
    finalizers: { type: 'array', patchStrategy: 'merge', items: { type: 'string' } },
    strategy: { patchStrategy: 'retainKeys', properties: { type: {}, rollingUpdate: {} } },
    labels: { additionalProperties: { type: 'string' } },
  },
}

const rows: readonly [string, Fields, Fields, Fields][] = [
  [
    'merges maps and drops nulls',
    { labels: { a: '1', b: '2' } },
    { labels: { a: null, c: '3' } },
    { labels: { b: '2', c: '3' } },
  ],
  ['leaves nulls out of what is new', {}, { labels: { a: null, c: '3' } }, { labels: { c: '3' } }],
  [
    'merges lists by key, keeping the order of the server for what the patch does not name',
    { containers: [{ name: 'a', args: ['x'] }, { name: 'b' }] },
    { containers: [{ name: 'b', args: ['y'] }, { name: 'c' }] },
    { containers: [{ name: 'a', args: ['x'] }, { name: 'b', args: ['y'] }, { name: 'c' }] },
  ],
  [
    'deletes items with $patch: delete',
    { containers: [{ name: 'a' }, { name: 'b' }] },
    { containers: [{ name: 'a', $patch: 'delete' }] },
    { containers: [{ name: 'b' }] },
  ],
  [
    'replaces a list with $patch: replace',
    { containers: [{ name: 'a' }, { name: 'b' }] },
    { containers: [{ $patch: 'replace' }, { name: 'c' }] },
    { containers: [{ name: 'c' }] },
  ],
  [
    'replaces atomic lists',
    { containers: [{ name: 'a', args: ['x'] }] },
    { containers: [{ name: 'a', args: ['y'] }] },
    { containers: [{ name: 'a', args: ['y'] }] },
  ],
  [
    'joins primitive lists',
    { finalizers: ['a', 'b'] },
    { finalizers: ['b', 'c'] },
    { finalizers: ['a', 'b', 'c'] },
  ],
  [
    'deletes from primitive lists',
    { finalizers: ['a', 'b'] },
    { '$deleteFromPrimitiveList/finalizers': ['a'] },
    { finalizers: ['b'] },
  ],
  [
    'orders by $setElementOrder',
    { containers: [{ name: 'a' }, { name: 'b' }, { name: 'x' }] },
    {
      '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
      containers: [{ name: 'a', args: ['1'] }],
    },
    { containers: [{ name: 'b' }, { name: 'a', args: ['1'] }, { name: 'x' }] },
  ],
  [
    'retains only $retainKeys',
    { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
    { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
    { strategy: { type: 'Recreate' } },
  ],
  [
    'replaces a map with $patch: replace',
    { labels: { a: '1' } },
    { labels: { $patch: 'replace', b: '2' } },
    { labels: { b: '2' } },
  ],
  ['takes no map with a directive where there was none', {}, { labels: { $patch: 'replace', b: '2' } }, {}],
]

describe('applyStrategicMergePatch()', () => {
  test.each(rows)('%s', (_name, document, patch, expected) => {
    const before = JSON.stringify(document)
    expect(applyStrategicMergePatch(document, patch, schema)).toEqual(expected)
    expect(JSON.stringify(document)).toBe(before)
  })

  test.each([
    ['a missing merge key', { containers: [{ args: [] }] }, /does not contain declared merge key: name/],
    ['an unknown directive', { labels: { $patch: 'swap' } }, /unknown patch type: swap/],
    [
      'retainKeys that miss a field',
      { strategy: { $retainKeys: [], type: 'a' } },
      /invalid patch format of retainKeys/,
    ],
    [
      'an order that contradicts the list',
      { '$setElementOrder/finalizers': ['x'], finalizers: ['y'] },
      /doesn't match \$setElementOrder list/,
    ],
  ] as const)('refuses %s', (_name, patch, message) => {
    const document = { containers: [{ name: 'a' }], labels: { a: '1' }, strategy: {}, finalizers: ['a'] }
    expect(() => applyStrategicMergePatch(document, patch, schema)).toThrow(message)
  })
})
