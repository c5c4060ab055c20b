import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Schema } from '../schema.ts'
import { CreatedFields } from './created-fields.ts'
import { updateManagedFields } from './update.ts'
import { oneVersion } from './versions.ts'

const item: Schema = {
  properties: { name: {}, protocol: { default: 'TCP' }, value: {}, tags: { listType: 'set', items: {} } },
}
const schema: Schema = {
  preserveUnknownFields: true,
  properties: {
    spec: {
      properties: {
        size: {},
        policy: {},
        labels: { additionalProperties: {} },
        items: { listType: 'map', listMapKeys: ['name', 'protocol'], items: item },
        plain: { items: {} },
        atomic: { mapType: 'atomic' },
      },
    },
  },
}
const empty = { metadata: {}, spec: { policy: 'Always' } }

const small = fc.constantFrom('a', 'b', 'constructor')
const entry = fc.record(
  {
    name: small,
    protocol: fc.constantFrom('TCP', 'UDP'),
    value: fc.constantFrom(0, 'x', {}, null),
    tags: fc.uniqueArray(small),
  },
  { requiredKeys: ['name'] },
)
const spec = fc.record(
  {
    size: fc.constantFrom(0, 1, null, {}, []),
    policy: fc.constantFrom('Always', 'Never'),
    labels: fc.oneof(fc.dictionary(small, small, { maxKeys: 2 }), fc.constant('none')),
    items: fc.uniqueArray(entry, { selector: ({ name }) => name, maxLength: 2 }),
    plain: fc.array(small, { maxLength: 2 }),
    atomic: fc.dictionary(small, small, { maxKeys: 2 }),
  },
  { requiredKeys: [] },
)

test('updateManagedFields() gives new objects the same fields whether or not it remembers others', () => {
  fc.assert(
    fc.property(fc.array(spec, { minLength: 2, maxLength: 12 }), (specs) => {
      const management = {
        manager: 'm',
        apiVersion: 'v1',
        subresource: '',
        time: '2026-01-01T00:00:00Z',
        schema,
        empty,
        versions: oneVersion('v1', schema),
      }
      const created = new CreatedFields(schema, empty)
      for (const each of [...specs, ...specs]) {
        const object = { apiVersion: 'v1', kind: 'Test', metadata: { name: 'x' }, spec: each }
        const expected = updateManagedFields(undefined, object, management)
        const actual = updateManagedFields(undefined, object, { ...management, created })
        expect(JSON.stringify(actual.metadata)).toEqual(JSON.stringify(expected.metadata))
      }
    }),
  )
})

test('updateManagedFields() shares the set of objects that are made alike', () => {
  const created = new CreatedFields(schema, empty)
  const make = (name: string, size: number) =>
    updateManagedFields(
      undefined,
      { apiVersion: 'v1', kind: 'Test', metadata: { name, labels: { app: name } }, ...{ spec: { size } } },
      {
        manager: 'm',
        apiVersion: 'v1',
        subresource: '',
        time: '2026-01-01T00:00:00Z',
        schema,
        empty,
        versions: oneVersion('v1', schema),
        created,
      },
    ).metadata?.managedFields?.[0]?.fieldsV1
  expect(make('one', 1)).toBe(make('two', 2))
})
