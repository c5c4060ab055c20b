import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { networkOf } from './network-file.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'timonel-network-file-'))
})

afterEach(() => rmSync(root, { recursive: true }))

test('networkOf() keeps what the first start was told, and refuses to change it', () => {
  expect(networkOf(root, { podCidr: '10.1.0.0/16' }).podCidr).toBe('10.1.0.0/16')
  expect(networkOf(root)).toMatchObject({ podCidr: '10.1.0.0/16', domain: 'cluster.local' })
  expect(networkOf(root, { podCidr: '10.1.0.0/16' }).podCidr).toBe('10.1.0.0/16')
  expect(() => networkOf(root, { podCidr: '10.2.0.0/16' })).toThrow(/was made with podCidr "10.1.0.0\/16"/)
})

test.each([
  [256, '10.244.0.0/16'],
  [257, '10.128.0.0/15'],
  [5_000, '10.128.0.0/11'],
])('networkOf() has room for %i nodes in %s', (nodes, podCidr) => {
  expect(networkOf(root, {}, nodes).podCidr).toBe(podCidr)
  expect(networkOf(root, {}, 2).podCidr).toBe(podCidr)
})

test('networkOf() refuses more nodes than there are ranges for, and forgets what it refused', () => {
  expect(() => networkOf(root, { podCidr: '10.1.0.0/16' }, 300)).toThrow(
    /300 nodes do not fit into the pods' addresses: 10.1.0.0\/16 has 256 ranges of \/24/,
  )
  expect(networkOf(root).podCidr).toBe('10.244.0.0/16')
  expect(() => networkOf(root, {}, 300)).toThrow(/10.244.0.0\/16 has 256 ranges/)
  expect(() => networkOf(join(root, 'none'), {}, 40_000)).toThrow(/10.128.0.0\/9 has 32768 ranges/)
})
