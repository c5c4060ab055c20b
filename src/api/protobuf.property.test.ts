import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Conformer } from '../apimachinery/codec/conformer.ts'
import { ProtobufCodec } from '../apimachinery/codec/protobuf/protobuf-codec.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import { assert } from '../base/assert.ts'
import { protobufPacks } from './generated/protobuf.ts'
import { builtInSchemas } from './schemas.ts'
import { arbitraryObject } from './testing/arbitrary-object.ts'
import { type KindSchema, kindSchemas } from './testing/kind-schemas.ts'

const protobuf = new ProtobufCodec(protobufPacks, builtInSchemas)
const conformer = new Conformer(builtInSchemas)

/** What JSON tells apart and protobuf does not. */
function withoutEmptyLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyLists)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(
    ([, member]) => member !== null && !(Array.isArray(member) && member.length === 0),
  )
  return Object.fromEntries(members.map(([key, member]) => [key, withoutEmptyLists(member)]))
}

function typed(value: unknown, { kind }: KindSchema): KubernetesObject {
  const object: KubernetesObject = typeof value === 'object' && value !== null ? value : {}
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
  return { ...object, apiVersion, kind: kind.kind }
}

const encodable = kindSchemas().filter(({ kind }) => protobuf.supports(kind))

describe('ProtobufCodec', () => {
  it('ProtobufCodec supports every kind that is no part of version.Info', () => {
    expect(encodable.length).toBe(kindSchemas().length)
  })

  it.each(encodable)('decode() inverts encode() for $kind.group/$kind.version $kind.kind', (kindSchema) => {
    const { schema } = kindSchema
    fc.assert(
      fc.property(arbitraryObject(schema), (given) => {
        const object = conformer.conform(typed(given, kindSchema), schema, { strict: false }).value
        const stored = conformer.written(object, schema, 'protobuf')
        const bytes = protobuf.encode(typed(stored, kindSchema))
        assert(bytes !== undefined, 'the kind has a message')
        const decoded = conformer.conform(protobuf.decode(bytes), schema, { strict: true })
        expect(decoded.strictErrors).toEqual([])
        expect(withoutEmptyLists(decoded.value)).toEqual(withoutEmptyLists(stored))
      }),
      { numRuns: 5 },
    )
  })
})

describe('Conformer', () => {
  it.each(kindSchemas())(
    'conform() changes nothing the second time for $kind.group/$kind.version $kind.kind',
    (kindSchema) => {
      const { schema } = kindSchema
      fc.assert(
        fc.property(arbitraryObject(schema), (given) => {
          const once = conformer.conform(typed(given, kindSchema), schema, { strict: false }).value
          expect(conformer.conform(once, schema, { strict: true }).value).toBe(once)
        }),
        { numRuns: 3 },
      )
    },
  )

  it.each(kindSchemas())(
    'written() leaves nothing to leave out for $kind.group/$kind.version $kind.kind',
    (kindSchema) => {
      const { schema } = kindSchema
      fc.assert(
        fc.property(arbitraryObject(schema), fc.constantFrom('json', 'protobuf'), (given, as) => {
          const object = conformer.conform(typed(given, kindSchema), schema, { strict: false }).value
          const written = conformer.written(object, schema, as)
          expect(conformer.written(written, schema, as)).toBe(written)
          expect(conformer.conform(written, schema, { strict: true }).value).toBe(written)
        }),
        { numRuns: 3 },
      )
    },
  )
})
