import { describe, expect, test } from 'vitest'
import { endOfObject, Layout } from './layout.ts'

const layout = new Layout({ group: 'apps', version: 'v1', kind: 'Deployment' })
const decode = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes))

const objects = [
  { metadata: { name: 'a' } },
  { metadata: { name: 'b', labels: { x: '}"{\\' } }, spec: { text: 'ünï → 😀' } },
  { metadata: { name: 'ç', annotations: { '😀': '\u0000"' } }, status: {} },
]

describe('Layout', () => {
  for (const object of objects) {
    const whole = { kind: 'Deployment', apiVersion: 'apps/v1', ...object }
    test(`puts the version into ${JSON.stringify(object)}`, () => {
      const stored = layout.store({ ...whole, metadata: { ...whole.metadata, resourceVersion: '1' } })
      expect(decode(stored.bytes)).toEqual(whole)
      const served = layout.serve(stored.bytes, stored.metadataLength, 42)
      const expected = { ...whole, metadata: { resourceVersion: '42', ...whole.metadata } }
      expect(decode(served.bytes)).toEqual(expected)
      expect(served.metadataEnd).toBe(endOfObject(served.bytes, layout.metadataStart))
      expect(decode(served.bytes.subarray(layout.metadataStart, served.metadataEnd))).toEqual(
        expected.metadata,
      )
      const later = layout.reserve(served.bytes, served.metadataEnd, 42, 12345)
      expect(decode(later.bytes)).toEqual({
        ...whole,
        metadata: { ...whole.metadata, resourceVersion: '12345' },
      })
      expect(later.metadataEnd).toBe(endOfObject(later.bytes, layout.metadataStart))
    })
  }

  test('lays out anew what somebody else has written', () => {
    const foreign = new TextEncoder().encode(
      '{"apiVersion":"apps/v1","metadata":{"name":"a"},"kind":"Deployment"}',
    )
    expect(layout.normalize(foreign)).toEqual(layout.store({ metadata: { name: 'a' } }).bytes)
    const own = layout.store({ metadata: { name: 'a' } }).bytes
    expect(layout.normalize(own)).toBe(own)
  })
})

test("Layout.store() writes what the kind wants with Go's escapes", () => {
  const revisions = new Layout({ group: 'apps', version: 'v1', kind: 'ControllerRevision', goEscapes: true })
  const object = { metadata: { name: 'a' }, data: { text: '<a & b>' } }
  const text = new TextDecoder().decode(revisions.store(object).bytes)
  expect(text).toContain('{"text":"\\u003ca \\u0026 b\\u003e"}')
  expect(JSON.parse(text)).toMatchObject(object)
})
