import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBase64, decodeBase64Url, encodeBase64, encodeBase64Url } from './base64.ts'

const bytes = fc.uint8Array({ maxLength: 40 })

test('encodeBase64() and encodeBase64Url() write what Node writes, and it is read back', () => {
  fc.assert(
    fc.property(bytes, (value) => {
      expect(encodeBase64(value)).toBe(Buffer.from(value).toString('base64'))
      expect(encodeBase64Url(value)).toBe(Buffer.from(value).toString('base64url'))
      expect(decodeBase64(encodeBase64(value))).toEqual(value)
      expect(decodeBase64Url(encodeBase64Url(value))).toEqual(value)
    }),
  )
})

test.each(['a', 'ab+d', 'ab/d', 'ab==', 'a b'])('decodeBase64Url() refuses %j', (text) => {
  expect(decodeBase64Url(text)).toBeUndefined()
})
