import { describe, expect, test } from 'vitest'
import type { FieldError } from './field-error.ts'
import { fieldForbidden } from './field-errors.ts'
import type { ObjectMeta } from './meta.ts'
import {
  validateChangedMeta,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from './object-meta-validation.ts'

const rules = { namespaced: true, nameRule: 'subdomain' } as const
const good: ObjectMeta = { name: 'web', namespace: 'default', resourceVersion: '1', uid: 'u' }
const texts = (errors: readonly FieldError[]): string[] => errors.map((e) => `${e.field}: ${e.message}`)

describe('validateObjectMeta()', () => {
  test.each<[string, ObjectMeta, RegExp[]]>([
    ['accepts a good one', good, []],
    [
      'wants a name',
      { namespace: 'a' },
      [/^metadata\.name: Required value: name or generateName is required$/],
    ],
    ['wants a namespace', { name: 'a' }, [/^metadata\.namespace: Required value$/]],
    ['allows a dash at the end of generateName', { ...good, generateName: 'web-' }, []],
    [
      'checks names',
      { name: 'A', namespace: 'b.c' },
      [
        /^metadata\.name: Invalid value: "A": a lowercase RFC 1123 subdomain/,
        /^metadata\.namespace: Invalid value: "b\.c": must not contain dots$/,
      ],
    ],
    [
      'checks labels',
      { ...good, labels: { 'a b': '-' } },
      [
        /^metadata\.labels: Invalid value: "a b": name part/,
        /^metadata\.labels: Invalid value: "-": a valid label/,
      ],
    ],
    [
      'bounds annotations',
      { ...good, annotations: { a: 'x'.repeat(262144) } },
      [/^metadata\.annotations: Too long: may not be more than 262144 bytes$/],
    ],
    [
      'checks owner references',
      {
        ...good,
        ownerReferences: [
          { apiVersion: 'v1', kind: 'A', name: 'a', uid: '', controller: true },
          { apiVersion: 'v1', kind: 'B', name: 'b', uid: 'u', controller: true },
        ],
      },
      [
        /^metadata\.ownerReferences\.uid: Invalid value: "": must not be empty$/,
        /Only one reference can have Controller set to true\. Found "true" in references for A\/a and B\/b$/,
      ],
    ],
    [
      'refuses contradicting finalizers',
      { ...good, finalizers: ['orphan', 'foregroundDeletion'] },
      [
        /^metadata\.finalizers: Invalid value: \["orphan","foregroundDeletion"\]: finalizer orphan and foregroundDeletion cannot be both set$/,
      ],
    ],
  ])('%s', (_name, metadata, expected) => {
    const found = texts(validateObjectMeta(metadata, rules))
    expect(found).toHaveLength(expected.length)
    expected.forEach((pattern, index) => {
      expect(found[index]).toMatch(pattern)
    })
  })
})

test('validateObjectMetaUpdate() holds what may not change', () => {
  expect(validateObjectMetaUpdate(good, good)).toEqual([])
  expect(
    texts(
      validateObjectMetaUpdate(
        {
          ...good,
          uid: 'v',
          finalizers: ['a/b'],
          deletionTimestamp: '2024-01-01T00:00:00Z',
          resourceVersion: '',
        },
        { ...good, deletionTimestamp: '2024-01-01T00:00:00Z' },
      ),
    ),
  ).toEqual([
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/b"}',
    'metadata.resourceVersion: Invalid value: "": must be specified for an update',
    'metadata.uid: Invalid value: "v": field is immutable',
  ])
})

test('validateChangedMeta() says what is wrong as often as upstream does, and nothing where all is right', () => {
  const bad = { ...good, labels: { 'a b': 'c' }, finalizers: ['plain'] }
  const fields = (checks?: readonly ('whole' | 'change')[]): readonly string[] =>
    validateChangedMeta(bad, good, rules, checks).map(({ field }) => field)
  const [labels, domain] = ['metadata.labels', 'metadata.finalizers[0]']
  expect(fields()).toEqual([labels, labels, labels, domain])
  expect(fields([])).toEqual([labels, labels])
  expect(fields(['change', 'whole'])).toEqual([labels, labels, labels, domain, labels, domain])
  expect(validateChangedMeta(good, good, rules)).toEqual([])
  const own = [fieldForbidden('data', 'no')]
  const both = validateChangedMeta(bad, good, rules, ['change', 'whole'], own)
  expect(both.map(({ field }) => field)).toEqual([labels, labels, labels, domain, 'data', labels, domain])
  expect(validateChangedMeta(good, good, rules, [], own)).toEqual(own)
})
