import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Conformer } from '../apimachinery/codec/conformer.ts'
import { ProtobufCodec } from '../apimachinery/codec/protobuf/protobuf-codec.ts'
import { Reader } from '../apimachinery/codec/protobuf/reader.ts'
import { assert } from '../base/assert.ts'
import { decodeBase64 } from '../base/base64.ts'
import { protobufPacks } from './generated/protobuf.ts'
import { builtInSchemas } from './schemas.ts'
import { kindSchema } from './testing/kind-schemas.ts'

const protobuf = new ProtobufCodec(protobufPacks, builtInSchemas)
const conformer = new Conformer(builtInSchemas)

/** Bodies in JSON and as upstream's protobuf serializer encodes the same objects. */
interface Case {
  readonly kind: string
  readonly body: string
  readonly protobuf: string
}

const cases: readonly Case[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'testdata', 'protobuf.json'), 'utf8'),
)

describe('ProtobufCodec', () => {
  it.each(cases)(
    'decode() reads what upstream writes for $kind',
    ({ kind: path, body, protobuf: encoded }) => {
      const { kind, schema } = kindSchema(path)
      const decoded = conformer.conform(protobuf.decode(decodeBase64(encoded)), schema, { strict: true })
      const apiVersion = path.slice(0, path.lastIndexOf('/'))
      const expected = conformer.conform({ apiVersion, kind: kind.kind, ...JSON.parse(body) }, schema, {
        strict: true,
      })
      expect(decoded).toEqual(expected)
    },
  )

  it('encode() has no protobuf for custom resources', () => {
    expect(protobuf.encode({ apiVersion: 'example.com/v1', kind: 'Widget' })).toBeUndefined()
    expect(protobuf.supports({ group: 'example.com', version: 'v1', kind: 'Widget' })).toBe(false)
  })

  it('encode() knows partial metadata and lists of any kind', () => {
    const partial = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: { name: 'a' } }
    assert(protobuf.encode(partial) !== undefined, 'partial metadata has a message')
    expect(protobuf.decode(protobuf.encode(partial) ?? new Uint8Array())).toEqual(partial)
    const list = { apiVersion: 'v1', kind: 'List', metadata: {}, items: [{ kind: 'Pod' }] }
    expect(protobuf.decode(protobuf.encode(list) ?? new Uint8Array())).toEqual(list)
  })

  it('encodeWatchFrame() puts the length before the event, and the type before the object', () => {
    const frame = protobuf.encodeWatchFrame('ADDED', Uint8Array.of(1, 2, 3))
    expect(new DataView(frame.buffer).getUint32(0)).toBe(frame.length - 4)
    const reader = new Reader(frame, 4)
    expect(reader.key()).toEqual({ field: 1, wireType: 2 })
    expect(reader.text()).toBe('ADDED')
    expect(reader.key()).toEqual({ field: 2, wireType: 2 })
    const object = reader.message()
    expect(object.key()).toEqual({ field: 1, wireType: 2 })
    expect(object.bytes()).toEqual(Uint8Array.of(1, 2, 3))
    expect(reader.done && object.done).toBe(true)
  })

  it('decode() refuses what is not protobuf, or ends early', () => {
    expect(() => protobuf.decode(new TextEncoder().encode('{}'))).toThrow('expected prefix [107 56 115 0]')
    const [pod] = cases
    const bytes = decodeBase64(pod?.protobuf ?? '')
    expect(() => protobuf.decode(bytes.subarray(0, bytes.length - 9))).toThrow('unexpected EOF')
  })

  it('decode() refuses an integer that a number cannot hold', () => {
    const bytes = protobuf.encode({ apiVersion: 'apps/v1', kind: 'ControllerRevision' }) ?? new Uint8Array()
    const huge = Uint8Array.of(
      ...bytes,
      0x12,
      0x0b,
      0x18,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      0x7f,
      0x00,
    )
    expect(() => protobuf.decode(huge)).toThrow('cannot keep number 9223372036854775807 exactly')
  })
})
