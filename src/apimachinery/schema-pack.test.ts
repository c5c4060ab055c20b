import { describe, expect, it } from 'vitest'
import { unpackSchemas } from './schema-pack.ts'

const packs = {
  'a.b.v1.': JSON.stringify({
    Node: {
      f: { name: '!+s', next: '#Node', other: '#c.v1.Leaf;ps=retainKeys', size: '-i;de=3' },
      k: [['b', 'v1', 'Node']],
    },
    Loose: { a: 1 },
  }),
  'c.v1.': JSON.stringify({ Leaf: { f: { tags: '-[s;lt=s', by: '{q' }, m: 'a' } }),
}

describe('unpackSchemas()', () => {
  const schemas = unpackSchemas(packs)

  it('unpackSchemas() reads codes, references across packs and attributes', () => {
    const node = schemas.get('a.b.v1.Node')
    expect(node?.required).toEqual(['name'])
    expect(node?.kinds).toEqual([{ group: 'b', version: 'v1', kind: 'Node' }])
    expect(node?.properties?.name).toEqual({ type: 'string', presence: 'always' })
    expect(node?.properties?.size).toEqual({
      type: 'integer',
      format: 'int32',
      presence: 'nonzero',
      default: 3,
    })
    expect(node?.properties?.other).toMatchObject({
      name: 'c.v1.Leaf',
      patchStrategy: 'retainKeys',
      mapType: 'atomic',
    })
    expect(schemas.get('c.v1.Leaf')?.properties?.tags).toMatchObject({ type: 'array', listType: 'set' })
    expect(schemas.get('c.v1.Leaf')?.properties?.by?.additionalProperties).toMatchObject({
      format: 'quantity',
    })
    expect(schemas.get('a.b.v1.Loose')).toEqual({ name: 'a.b.v1.Loose', preserveUnknownFields: true })
  })

  it('unpackSchemas() resolves recursion to the same object', () => {
    const node = schemas.get('a.b.v1.Node')
    expect(node?.properties?.next).toBe(node)
    expect(schemas.ofKind({ group: 'b', version: 'v1', kind: 'Node' })).toBe(node)
  })

  it('unpackSchemas() knows only what is there', () => {
    expect(schemas.names()).toEqual(['a.b.v1.Loose', 'a.b.v1.Node', 'c.v1.Leaf'])
    expect(schemas.get('a.b.v1.toString')).toBeUndefined()
    expect(schemas.get('Node')).toBeUndefined()
    expect(schemas.ofKind({ group: '', version: 'v1', kind: 'Node' })).toBeUndefined()
  })
})
