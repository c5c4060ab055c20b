import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { networkOf } from './network-file.ts'

test('networkOf() keeps what the first start was told, and refuses to change it', () => {
  const root = mkdtempSync(join(tmpdir(), 'timonel-network-file-'))
  try {
    expect(networkOf(root, { podCidr: '10.1.0.0/16' }).podCidr).toBe('10.1.0.0/16')
    expect(networkOf(root)).toMatchObject({ podCidr: '10.1.0.0/16', domain: 'cluster.local' })
    expect(networkOf(root, { podCidr: '10.1.0.0/16' }).podCidr).toBe('10.1.0.0/16')
    expect(() => networkOf(root, { podCidr: '10.2.0.0/16' })).toThrow(/was made with podCidr "10.1.0.0\/16"/)
  } finally {
    rmSync(root, { recursive: true })
  }
})
