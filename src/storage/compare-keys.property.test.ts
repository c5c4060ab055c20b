import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareKeys } from './compare-keys.ts'

const compareBytes = (a: string, b: string): number => {
  const bytesA = new TextEncoder().encode(a)
  const bytesB = new TextEncoder().encode(b)
  const differing = bytesA.findIndex((byte, index) => byte !== bytesB[index])
  if (differing < 0) return bytesA.length - bytesB.length
  return (bytesA[differing] ?? 0) - (bytesB[differing] ?? -1)
}

test('compareKeys() orders strings as their bytes in UTF-8', () => {
  const key = fc.string({
    unit: fc.constantFrom('a', 'b', '/', '\0', 'ü', '\ud7ff', '\ue000', '\uffff', '😀', '𐀀'),
  })
  fc.assert(
    fc.property(key, key, (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Math.sign(compareBytes(a, b)))
    }),
  )
})
