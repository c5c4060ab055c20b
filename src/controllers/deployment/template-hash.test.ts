import { expect, test } from 'vitest'
import { templateHash } from './template-hash.ts'

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } }

test('templateHash() is the same for equal templates, whatever the order of their fields', () => {
  const shuffled = { spec: template.spec, metadata: { labels: { app: 'web' } } }
  expect(templateHash(template, undefined)).toBe(templateHash(shuffled, undefined))
  expect(templateHash(template, undefined)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/)
})

test('templateHash() differs for other templates and after a collision', () => {
  const other = { ...template, spec: { containers: [{ name: 'c', image: 'i:2' }] } }
  const hashes = [template, other].flatMap((one) =>
    [undefined, 0, 1].map((collisions) => templateHash(one, collisions)),
  )
  expect(new Set(hashes).size).toBe(hashes.length)
})
