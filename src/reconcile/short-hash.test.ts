import { expect, test } from 'vitest'
import { shortHash } from './short-hash.ts'

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } }

test('shortHash() is the same for equal templates, whatever the order of their fields', () => {
  const shuffled = { spec: template.spec, metadata: { labels: { app: 'web' } } }
  expect(shortHash(template, undefined)).toBe(shortHash(shuffled, undefined))
  expect(shortHash(template, undefined)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/)
})

test('shortHash() differs for other templates and after a collision', () => {
  const other = { ...template, spec: { containers: [{ name: 'c', image: 'i:2' }] } }
  const hashes = [template, other].flatMap((one) =>
    [undefined, 0, 1].map((collisions) => shortHash(one, collisions)),
  )
  expect(new Set(hashes).size).toBe(hashes.length)
})
