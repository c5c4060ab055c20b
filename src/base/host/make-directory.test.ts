import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeDirectory } from './make-directory.ts'

test('makeDirectory() makes what is missing, and fails where nothing can be made', () => {
  const root = mkdtempSync(join(tmpdir(), 'timonel-make-'))
  makeDirectory(join(root, 'a', 'b'), 0o700)
  makeDirectory(join(root, 'a', 'b'), 0o700)
  expect(statSync(join(root, 'a', 'b')).mode & 0o777).toBe(0o700)
  writeFileSync(join(root, 'file'), '')
  expect(() => makeDirectory(join(root, 'file', 'c'))).toThrow('ENOTDIR')
  expect(() => makeDirectory('/proc/timonel/c')).toThrow('ENOENT')
  rmSync(root, { recursive: true })
})
