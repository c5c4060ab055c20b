import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { diskUsageOf } from './disk-usage.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('diskUsageOf() counts folders and files, each once, and follows no links', async () => {
  mkdirSync(join(folder, 'below'))
  const file = join(folder, 'below', 'file')
  writeFileSync(file, Buffer.alloc(100_000, 1))
  const before = await diskUsageOf(folder)
  expect(before.inodes).toBe(3)
  expect(before.bytes).toBeGreaterThanOrEqual(100_000)
  linkSync(file, join(folder, 'again'))
  symlinkSync(tmpdir(), join(folder, 'elsewhere'))
  const after = await diskUsageOf(folder)
  expect(after.inodes).toBe(4)
  expect(after.bytes - before.bytes).toBeLessThan(100_000)
})

test('diskUsageOf() is nothing where there is nothing', async () => {
  expect(await diskUsageOf(join(folder, 'none'))).toEqual({ bytes: 0, inodes: 0 })
})
