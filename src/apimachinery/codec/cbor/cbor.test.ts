import { decode, encode } from 'cborg'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolveNumbers } from '../number-literal.ts'
import { decodeCbor } from './decode-cbor.ts'
import { CborEncoder } from './encode-cbor.ts'

const encoder = new CborEncoder()
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex')
const read = (text: string): unknown => resolveNumbers(decodeCbor(bytes(text)).value)

/** Zero has no sign in JSON's integers. */
const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value).replaceAll('-0', '0')))

/** What another implementation reads, byte strings being texts. */
function foreign(value: Uint8Array): unknown {
  const plain = (each: unknown): unknown => {
    if (each instanceof Uint8Array) return new TextDecoder('utf-8', { ignoreBOM: true }).decode(each)
    if (Array.isArray(each)) return each.map(plain)
    if (each instanceof Map)
      return Object.fromEntries([...each].map(([key, member]) => [plain(key), plain(member)] as const))
    return each
  }
  return plain(decode(value, { useMaps: true, tags: { 55799: (inner: () => unknown) => inner() } }))
}

describe('CborEncoder', () => {
  it('writes what other implementations read', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(foreign(encoder.encode(value))).toEqual(value)
      }),
    )
  })

  it('says what it is, and tells bytes and numbers by the schema', () => {
    const schema = {
      properties: { data: { additionalProperties: { format: 'byte' } }, ratio: { type: 'number' } },
    } as const
    expect(hex(encoder.encode({ data: { k: 'aGVsbG8=' }, ratio: 1 }, schema))).toBe(
      `d9d9f7 a2 44${hex(new TextEncoder().encode('data'))} a1 416b d6 4568656c6c6f 45${hex(new TextEncoder().encode('ratio'))} f93c00`.replaceAll(
        ' ',
        '',
      ),
    )
  })

  it('writes numbers in as few bytes as hold them', () => {
    const rows: readonly [number | bigint, string][] = [
      [23, '17'],
      [24, '1818'],
      [-1, '20'],
      [65536, '1a00010000'],
      [2 ** 40, '1b0000010000000000'],
      [-9223372036854775808n, '3b7fffffffffffffff'],
      [1.5, 'f93e00'],
      [2 ** -24, 'f90001'],
      [65504.5, 'fa477fe080'],
      [0.1, 'fb3fb999999999999a'],
    ]
    for (const [value, expected] of rows) expect(hex(encoder.item(value))).toBe(expected)
  })
})

describe('decodeCbor()', () => {
  it('reads what other implementations write', () => {
    fc.assert(
      fc.property(json, (value) => {
        const parsed = decodeCbor(encode(value)).value
        expect(resolveNumbers(parsed)).toEqual(value)
      }),
    )
  })

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(resolveNumbers(decodeCbor(encoder.encode(value)).value)).toEqual(value)
      }),
    )
  })

  const rows: readonly [string, string, unknown][] = [
    ['items without a length', '9f 01 7f 6161 6162 ff bf 41 6b 5f 4161 ff ff ff', [1, 'ab', { k: 'a' }]],
    ['bytes to be told as base64', 'd6 45 68656c6c6f', 'aGVsbG8='],
    ['bytes to be told as base64url and base16', '82 d5 42 fbff d7 42 fbff', ['-_8', 'fbff']],
    [
      'times',
      '82 c0 74 323032362d30312d30325430333a30343a30355a c1 fb 3ff8000000000000',
      ['2026-01-02T03:04:05Z', '1970-01-01T00:00:01.5Z'],
    ],
    ['tags that it does not know', 'd9d9f7 d8ff 01', 1],
    ['a key that is no ordinary name', 'a1 49 5f5f70726f746f5f5f 01', JSON.parse('{"__proto__":1}')],
  ]
  for (const [name, text, value] of rows) it(`reads ${name}`, () => expect(read(text)).toEqual(value))

  it('keeps integers of 64 bits and what was no integer', () => {
    const { value, exact } = decodeCbor(bytes('82 1b7fffffffffffffff f93c00'))
    expect([value, exact]).toEqual([[{ text: '9223372036854775807' }, { text: '1.0' }], true])
  })

  const refusals: readonly [string, string][] = [
    ['', 'EOF'],
    ['a1', 'unexpected EOF'],
    ['5a ffffffff 00', 'unexpected EOF'],
    ['a0 00', 'cbor: 1 bytes of extraneous data starting at index 1'],
    ['a2 6161 01 4161 02', 'cbor: found duplicate map key "a" at map element index 1'],
    ['a1 01 01', 'cbor: cannot unmarshal positive integer into Go value of type string'],
    [
      'f7',
      'cbor: data item of cbor type primitives is not accepted by protocol: simple value 23 is not recognized',
    ],
    ['f97e00', 'cbor: data item of cbor type primitives is not accepted by protocol: floating-point NaN'],
    [
      'fa ff800000',
      'cbor: data item of cbor type primitives is not accepted by protocol: floating-point infinity',
    ],
    ['61ff', 'cbor: invalid UTF-8 string'],
    ['c2 41 01', 'cbor: data item of cbor type tag is not accepted by protocol: bignum'],
    [
      '1b ffffffffffffffff',
      "cbor: cannot unmarshal positive integer into Go value of type int64 (18446744073709551615 overflows Go's int64)",
    ],
    ['1c', 'cbor: invalid additional information 28 for type positive integer'],
    ['ff', 'cbor: unexpected "break" code'],
    ['81'.repeat(1001), 'cbor: exceeded max nested level 1000'],
    ['c0 01', 'cbor: tag number 0 must be followed by text string, got positive integer'],
    [
      'c1 6161',
      'cbor: tag number 1 must be followed by integer or floating-point number, got UTF-8 text string',
    ],
    [
      'c0 6161',
      'cbor: cannot set a for time.Time: parsing time "a" as "2006-01-02T15:04:05Z07:00": cannot parse "a" as "2006"',
    ],
  ]
  for (const [text, message] of refusals)
    it(`refuses ${text.slice(0, 40)}`, () => expect(() => read(text)).toThrow(message))

  it('reads as deep as it may', () => {
    expect(() => decodeCbor(bytes(`${'81'.repeat(1000)}00`))).not.toThrow()
  })
})
