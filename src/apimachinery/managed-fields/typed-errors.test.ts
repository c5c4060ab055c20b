import { expect, test } from 'vitest'
import type { Schema } from '../schema.ts'
import type { Fields } from './typed.ts'
import { typedComplaint } from './typed-errors.ts'

const port: Schema = {
  type: 'object',
  properties: {
    port: { type: 'integer', presence: 'always' },
    protocol: { type: 'string', default: 'TCP' },
  },
}
const schema: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    on: { type: 'boolean' },
    size: { type: 'integer', format: 'int32' },
    amount: { type: 'string', format: 'quantity' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    ports: { type: 'array', listType: 'map', listMapKeys: ['port', 'protocol'], items: port },
    set: { type: 'array', listType: 'set', items: { type: 'string' } },
    plain: { type: 'array', items: { type: 'string' } },
  },
}

const rows: readonly [Fields, string | undefined][] = [
  [{ name: 'a', on: true, size: 1, amount: 5, labels: { a: 'b' }, plain: ['x', 'x'] }, undefined],
  [{ name: null, labels: null, ports: null }, undefined],
  [{ name: 1 }, '.name: expected string, got &value.valueUnstructured{Value:1}'],
  [{ on: 'x' }, '.on: expected boolean, got &{x}'],
  [{ size: 'x' }, '.size: expected numeric (int or float), got string'],
  [{ amount: ['x'] }, '.amount: expected any scalar, got &{[x]}'],
  [{ labels: 'x' }, '.labels: expected map, got &{x}'],
  [{ ports: {} }, '.ports: expected list, got &{map[]}'],
  [{ other: 1 }, '.other: field not declared in schema'],
  [{ plain: ['a', 2] }, '.plain[1]: expected string, got &value.valueUnstructured{Value:2}'],
  [{ set: ['a', 'a'] }, '.set: duplicate entries for key [="a"]'],
  [{ set: [{}] }, ".set: element 0: associative list without keys has an element that's a map type"],
  [{ ports: [{ port: 1 }, { port: 1, protocol: 'UDP' }, {}] }, undefined],
  [{ ports: [{}, { port: 0 }] }, '.ports: duplicate entries for key [port=0,protocol="TCP"]'],
  [{ ports: [1] }, '.ports: element 0: associative list with keys may not have non-map elements'],
  [
    { ports: [{ port: 1, protocol: 5 }] },
    '.ports[port=1,protocol=5].protocol: expected string, got &value.valueUnstructured{Value:5}',
  ],
  [
    { name: 1, on: 1 },
    'errors:\n  .name: expected string, got &value.valueUnstructured{Value:1}\n  .on: expected boolean, got &{1}',
  ],
]

test.each(rows)('typedComplaint() of %j', (object, expected) => {
  expect(typedComplaint(object, schema)).toBe(expected)
})
