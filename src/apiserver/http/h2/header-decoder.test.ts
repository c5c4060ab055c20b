import { describe, expect, test } from 'vitest'
import { HeaderDecoder } from './header-decoder.ts'
import { HeaderEncoder } from './header-encoder.ts'
import { ConnectionError } from './protocol.ts'

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')

const decode = (decoder: HeaderDecoder, hex: string): readonly string[] => {
  const block = bytes(hex)
  return decoder.decode(block, 0, block.length).fields
}

const site = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com']
const secure = [':method', 'GET', ':scheme', 'https', ':path', '/index.html', ':authority', 'www.example.com']

describe('HeaderDecoder', () => {
  // RFC 7541, C.3 and C.4.
  test.each([
    [
      'plain strings',
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
    ],
    [
      'Huffman codes',
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
    ],
  ])('decode() reads the examples of RFC 7541 with %s', (_, [first = '', second = '', third = '']) => {
    const decoder = new HeaderDecoder(1000)
    expect(decode(decoder, first)).toEqual(site)
    expect(decode(decoder, second)).toEqual([...site, 'cache-control', 'no-cache'])
    expect(decode(decoder, third)).toEqual([...secure, 'custom-key', 'custom-value'])
  })

  test('decode() evicts the oldest entries when the table shrinks', () => {
    const decoder = new HeaderDecoder(1000)
    expect(decode(decoder, '4001 6101 31 4001 6201 32')).toEqual(['a', '1', 'b', '2'])
    expect(decode(decoder, 'be bf')).toEqual(['b', '2', 'a', '1'])
    // 34 bytes hold one of them.
    expect(decode(decoder, '3f03 be')).toEqual(['b', '2'])
    expect(() => decode(decoder, 'bf')).toThrow(ConnectionError)
  })

  test.each([
    ['a blank at its end', '0001 6102 3120', false],
    ['a tab', '0001 6103 3109 32', false],
    ['a NUL', '0001 6102 3100', true],
    ['a line feed', '0001 6102 310a', true],
    ['a DEL', '0001 6101 7f', true],
  ])('decode() says of a value with %s whether it is one', (_, hex, invalid) => {
    const block = bytes(hex)
    expect(new HeaderDecoder(1000).decode(block, 0, block.length)).toMatchObject({ invalid })
  })

  test('decode() does not take from the table what it has refused', () => {
    const decoder = new HeaderDecoder(1000)
    const [spoiling, referring] = [bytes('4001 6102 3100'), bytes('be')]
    expect(decoder.decode(spoiling, 0, spoiling.length)).toMatchObject({ invalid: true })
    expect(decoder.decode(referring, 0, referring.length)).toMatchObject({ invalid: true })
  })

  test.each([
    ['an index of 0', '80'],
    ['an index beyond the table', 'be'],
    ['an integer without end', 'ff ffff ffff ffff'],
    ['a string that is cut short', '0001 6105 31'],
    ['a table that is larger than offered', '3fe2 1f'],
    ['a size update in the middle', '8220'],
    ['padding of a whole byte', '0001 6182 f8ff'],
    ['padding of zeros', '0001 6181 18'],
    ['the end mark', '0001 6184 3fff ffff'],
  ])('decode() refuses %s', (_, hex) => {
    expect(() => decode(new HeaderDecoder(1000), hex)).toThrow(ConnectionError)
  })

  test('decode() tells names and values that may not be, and lists that are too long', () => {
    const told = (hex: string) => {
      const block = bytes(hex)
      const { invalid, tooLarge } = new HeaderDecoder(40).decode(block, 0, block.length)
      return { invalid, tooLarge }
    }
    expect(told('0001 4101 31')).toEqual({ invalid: true, tooLarge: false })
    expect(told('0001 6101 0a')).toEqual({ invalid: true, tooLarge: false })
    expect(told('0001 6101 31 0001 6201 32')).toEqual({ invalid: false, tooLarge: true })
  })

  test('decode() reads what HeaderEncoder writes, with and without a table', () => {
    const headers = { 'cache-control': 'no-cache', 'audit-id': 'x'.repeat(300), warning: ['1', '2'] }
    const pairs = ['cache-control', 'no-cache', 'audit-id', 'x'.repeat(300), 'warning', '1', 'warning', '2']
    const encoder = new HeaderEncoder()
    const decoder = new HeaderDecoder(10_000)
    const lengths = [200, 201, 418].map((status) => {
      const room = Buffer.alloc(encoder.bound(headers))
      const end = encoder.write(room, 0, status, headers)
      expect(decoder.decode(room, 0, end).fields).toEqual([':status', String(status), ...pairs])
      if (status === 201) encoder.limitTable(0)
      return end
    })
    expect(lengths[1]).toBeLessThan(lengths[0] ?? 0)
    expect(lengths[2]).toBeGreaterThan(lengths[1] ?? 0)
  })
})
