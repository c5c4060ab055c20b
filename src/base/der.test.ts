import { describe, expect, it } from 'vitest'
import {
  DerNode,
  derBoolean,
  derElement,
  derInteger,
  derObjectIdentifier,
  derSequence,
  derTags,
  derTime,
  derUtf8String,
} from './der.ts'
import { hex } from './hex.ts'

describe('DER', () => {
  it.each([
    ['an integer', derInteger(Uint8Array.of(5)), '020105'],
    ['an integer with leading zeros', derInteger(Uint8Array.of(0, 0, 5)), '020105'],
    ['an integer whose first bit is set', derInteger(Uint8Array.of(0x80)), '02020080'],
    ['a boolean', derBoolean(true), '0101ff'],
    ['an object identifier', derObjectIdentifier('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
    ['a sequence', derSequence(derBoolean(false), derUtf8String('a')), '30060101000c0161'],
    ['a UTCTime', derTime(Date.UTC(2049, 11, 31, 23, 59, 59)), '170d3439313233313233353935395a'],
    ['a GeneralizedTime', derTime(Date.UTC(2050, 0, 1)), '180f32303530303130313030303030305a'],
  ])('encodes %s', (_, bytes, expected) => {
    expect(hex(bytes)).toBe(expected)
  })

  it('encodes long lengths and reads them back', () => {
    for (const length of [0, 127, 128, 255, 256, 70_000]) {
      const contents = new Uint8Array(length).fill(7)
      const node = DerNode.read(derElement(derTags.octetString, contents))
      expect(node.tag).toBe(derTags.octetString)
      expect(node.contents).toEqual(contents)
    }
  })

  it('reads what it wrote', () => {
    const node = DerNode.read(
      derSequence(
        derObjectIdentifier('2.5.4.3'),
        derUtf8String('käse'),
        derTime(Date.UTC(2026, 1, 3, 4, 5, 6)),
      ),
    )
    const [identifier, text, time] = node.children
    expect(identifier?.objectIdentifier).toBe('2.5.4.3')
    expect(text?.text).toBe('käse')
    expect(time?.timeMs).toBe(Date.UTC(2026, 1, 3, 4, 5, 6))
  })

  it('refuses bytes that end too early', () => {
    expect(() => DerNode.read(Uint8Array.of(0x30, 5, 1))).toThrow(RangeError)
    expect(() => DerNode.read(Uint8Array.of(0x30))).toThrow(RangeError)
    expect(() => DerNode.read(Uint8Array.of(0x30, 0x80))).toThrow(RangeError)
  })
})
