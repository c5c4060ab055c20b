import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shareParts } from './share-parts.ts'

/** Few names and values, so that parts are often alike. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(0, 1, 'a', null, true),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'toString'), tie('value'), { maxKeys: 3 }),
  ),
}))

test('shareParts() says what it was given, and changes nothing', () => {
  fc.assert(
    fc.property(value, value, (given, known) => {
      const before = JSON.stringify([given, known])
      expect(shareParts(given, known)).toEqual(given)
      expect(JSON.stringify([given, known])).toBe(before)
    }),
  )
})

test('shareParts() gives the known value where both say the same', () => {
  fc.assert(
    fc.property(value, (known) => {
      expect(shareParts(structuredClone(known), known)).toBe(known)
    }),
  )
})

test('shareParts() takes what is alike from the known value and leaves the rest', () => {
  const known = { spec: { containers: [{ name: 'a', env: [{ name: 'x' }] }] }, status: { phase: 'Pending' } }
  const given = structuredClone(known)
  given.status.phase = 'Running'
  const shared = shareParts(given, known)
  expect(shared.spec).toBe(known.spec)
  expect(shared.status).toBe(given.status)
})
