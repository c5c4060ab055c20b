import { describe, expect, it } from 'vitest'
import type { JsonSchema } from './json-schema.ts'
import { StructuralSchema } from './structural-schema.ts'
import { validateChangedValue, validateValue } from './validate-value.ts'

const schemaOf = (spec: JsonSchema): StructuralSchema =>
  new StructuralSchema({ type: 'object', properties: { spec } })

const errorsOf = (spec: JsonSchema, value: unknown): readonly string[] =>
  validateValue({ spec: value }, schemaOf(spec)).map(({ field, message }) => `${field}: ${message}`)

describe('validateValue()', () => {
  it.each<[JsonSchema, unknown, string]>([
    [
      { type: 'integer' },
      'a',
      'spec: Invalid value: "string": spec in body must be of type integer: "string"',
    ],
    [{ type: 'string' }, 5, 'spec: Invalid value: "integer": spec in body must be of type string: "integer"'],
    [{ type: 'string' }, null, 'spec: Invalid value: "null": spec in body must be of type string: "null"'],
    [
      { type: 'integer', minimum: 1 },
      0,
      'spec: Invalid value: 0: spec in body should be greater than or equal to 1',
    ],
    [
      { type: 'number', maximum: 1.5, exclusiveMaximum: true },
      1.5,
      'spec: Invalid value: 1.5: spec in body should be less than 1.5',
    ],
    [{ type: 'integer', multipleOf: 3 }, 4, 'spec: Invalid value: 4: spec in body should be a multiple of 3'],
    [{ type: 'string', maxLength: 2 }, 'abc', 'spec: Too long: may not be more than 2 bytes'],
    [
      { type: 'string', minLength: 2 },
      'a',
      'spec: Invalid value: "a": spec in body should be at least 2 chars long',
    ],
    [{ type: 'string', pattern: '^a+$' }, 'b', `spec: Invalid value: "b": spec in body should match '^a+$'`],
    [{ type: 'string', enum: ['a', 'b'] }, 'c', 'spec: Unsupported value: "c": supported values: "a", "b"'],
    [
      { type: 'string', format: 'date-time' },
      'now',
      'spec: Invalid value: "now": spec in body must be of type date-time: "now"',
    ],
    [{ type: 'object', required: ['a'] }, {}, 'spec.a: Required value'],
    [
      { type: 'array', items: { type: 'string' }, maxItems: 1 },
      ['a', 'b'],
      'spec: Too many: 2: must have at most 1 item',
    ],
    [
      { type: 'array', items: { type: 'string' }, minItems: 1 },
      [],
      'spec: Invalid value: 0: spec in body should have at least 1 items',
    ],
    [
      { type: 'array', items: { type: 'string' } },
      [1],
      'spec[0]: Invalid value: "integer": spec[0] in body must be of type string: "integer"',
    ],
    [
      { type: 'integer', format: 'int32' },
      2 ** 31,
      '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec',
    ],
    [
      { type: 'object', not: { required: ['a'] }, properties: { a: {} } },
      { a: 1 },
      '<nil>: Invalid value: "": "spec" must not validate the schema (not)',
    ],
  ])('%# %j', (schema, value, error) => {
    expect(errorsOf(schema, value)).toEqual([error])
  })

  it('takes numbers and strings for int-or-string', () => {
    const schema = { 'x-kubernetes-int-or-string': true }
    expect(errorsOf(schema, 1)).toEqual([])
    expect(errorsOf(schema, '50%')).toEqual([])
    expect(errorsOf(schema, true)).toEqual([
      'spec: Invalid value: "boolean": spec in body must be of type integer,string: "boolean"',
    ])
  })

  it('tells the alternative that fits best', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
    }
    expect(errorsOf(schema, {})).toEqual([
      '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid',
      'spec.a: Required value',
    ])
    expect(errorsOf(schema, { a: '', b: '' })).toEqual([
      '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ])
    expect(errorsOf(schema, { b: '' })).toEqual([])
  })

  it('ignores formats that it does not know', () => {
    expect(errorsOf({ type: 'string', format: 'foo' }, 'anything')).toEqual([])
  })
})

describe('validateChangedValue()', () => {
  const schema = schemaOf({
    type: 'object',
    properties: {
      old: { type: 'string', maxLength: 1 },
      list: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: {
          type: 'object',
          properties: { name: { type: 'string' }, size: { type: 'integer', maximum: 1 } },
        },
      },
    },
  })

  it('lets what did not change be wrong', () => {
    const errors = validateChangedValue({ spec: { old: 'long', x: 1 } }, { spec: { old: 'long' } }, schema)
    expect(errors).toEqual([])
    expect(validateChangedValue({ spec: { old: 'longer' } }, { spec: { old: 'long' } }, schema)).toHaveLength(
      1,
    )
  })

  it('finds items of keyed lists again', () => {
    const old = {
      spec: {
        list: [
          { name: 'a', size: 5 },
          { name: 'b', size: 1 },
        ],
      },
    }
    const moved = {
      spec: {
        list: [
          { name: 'c', size: 1 },
          { name: 'a', size: 5 },
        ],
      },
    }
    expect(validateChangedValue(moved, old, schema)).toEqual([])
    const changed = { spec: { list: [{ name: 'a', size: 6 }] } }
    expect(validateChangedValue(changed, old, schema).map(({ field }) => field)).toEqual([
      'spec.list[0].size',
    ])
  })
})
