import { describe, expect, it } from 'vitest'
import { builtInSchemas } from '../../api/schemas.ts'
import { Conformer } from '../codec/conformer.ts'
import { applyDefaults } from './apply-defaults.ts'
import type { JsonSchema } from './json-schema.ts'
import { validateListTypes } from './list-types.ts'
import { metadataConformer } from './metadata-conformer.ts'
import { StructuralCodec } from './structural-codec.ts'
import { StructuralSchema } from './structural-schema.ts'

const conformMetadata = metadataConformer(new Conformer(builtInSchemas), builtInSchemas)
const codecOf = (json: JsonSchema): StructuralCodec =>
  new StructuralCodec({ schema: new StructuralSchema(json, true), conformMetadata, preservesAll: false })

const spec = (json: JsonSchema): JsonSchema => ({ type: 'object', properties: { spec: json } })
const anything: JsonSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

describe('StructuralCodec.conform()', () => {
  it('drops and names what is unknown', () => {
    const codec = codecOf(
      spec({
        type: 'object',
        properties: {
          known: { type: 'string' },
          free: anything,
          list: { type: 'array', items: { type: 'object' } },
        },
      }),
    )
    const object = {
      apiVersion: 'a/v1',
      kind: 'A',
      metadata: { name: 'a', unknownMeta: 1 },
      top: 1,
      spec: { known: 'x', foo: 1, free: { bar: 2 }, list: [{ baz: 1 }] },
    }
    const { value, strictErrors } = codec.conform(object, true)
    expect(value).toEqual({
      apiVersion: 'a/v1',
      kind: 'A',
      metadata: { name: 'a' },
      spec: { known: 'x', free: { bar: 2 }, list: [{}] },
    })
    expect(strictErrors).toEqual([
      'unknown field "metadata.unknownMeta"',
      'unknown field "spec.foo"',
      'unknown field "spec.list[0].baz"',
      'unknown field "top"',
    ])
  })

  it('gives back what needs no change', () => {
    const object = { apiVersion: 'a/v1', kind: 'A', metadata: { name: 'a' }, spec: { a: 'b' } }
    const codec = codecOf(spec({ type: 'object', properties: { a: { type: 'string' } } }))
    expect(codec.conform(object, false).value).toBe(object)
  })

  it('drops nulls that may not be, unless there is a default', () => {
    const codec = codecOf(
      spec({
        type: 'object',
        properties: {
          a: { type: 'string' },
          b: { type: 'string', nullable: true },
          c: { type: 'string', default: 'x' },
        },
      }),
    )
    expect(codec.conform({ spec: { a: null, b: null, c: null } }, false).value).toEqual({
      spec: { b: null, c: null },
    })
  })

  it('checks metadata, of the object and of those within', () => {
    const codec = codecOf(spec({ ...anything, 'x-kubernetes-embedded-resource': true }))
    expect(() => codec.conform({ metadata: { labels: { a: 1 } } }, false)).toThrow(
      'json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
    )
    const { value, strictErrors } = codec.conform({ spec: { metadata: { name: 'x', foo: 1 } } }, true)
    expect(value).toEqual({ spec: { metadata: { name: 'x' } } })
    expect(strictErrors).toEqual(['unknown field "spec.metadata.foo"'])
  })
})

describe('applyDefaults()', () => {
  const schema = new StructuralSchema(
    spec({
      type: 'object',
      default: {},
      properties: {
        a: { type: 'string', default: 'A' },
        b: { type: 'string', nullable: true, default: 'B' },
        list: {
          type: 'array',
          items: { type: 'object', properties: { c: { type: 'integer', default: 1 } } },
        },
        map: { type: 'object', additionalProperties: { type: 'string', default: 'M' } },
      },
    }),
  )

  it.each([
    [{}, { spec: { a: 'A', b: 'B' } }],
    [{ spec: { a: null, b: null } }, { spec: { a: 'A', b: null } }],
    [{ spec: { list: [{}, { c: 2 }] } }, { spec: { a: 'A', b: 'B', list: [{ c: 1 }, { c: 2 }] } }],
    [{ spec: { map: { x: null, y: 'z' } } }, { spec: { a: 'A', b: 'B', map: { x: 'M', y: 'z' } } }],
  ])('%j', (given, filled) => {
    expect(applyDefaults(given, schema)).toEqual(filled)
  })

  it('gives back what has everything', () => {
    const object = { spec: { a: '1', b: '2' } }
    expect(applyDefaults(object, schema)).toBe(object)
  })
})

describe('validateListTypes()', () => {
  const schema = new StructuralSchema(
    spec({
      type: 'object',
      properties: {
        set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        map: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: { type: 'object', properties: { name: { type: 'string' } } },
        },
      },
    }),
  )

  it('finds what is there twice', () => {
    const object = { spec: { set: ['a', 'b', 'a', 'a'], map: [{ name: 'x' }, { name: 'x' }] } }
    expect(validateListTypes(object, schema).map(({ field, message }) => `${field}: ${message}`)).toEqual([
      'spec.set[2]: Duplicate value: "a"',
      'spec.map[1]: Duplicate value: {"name":"x"}',
    ])
  })
})
