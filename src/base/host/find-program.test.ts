import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { findProgram } from './find-program.ts'

const folder = mkdtempSync(join(tmpdir(), 'timonel-programs-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('findProgram() finds the first that can be run, by name or by path', () => {
  const [first, second] = ['first', 'second'].map((name) => join(folder, name))
  if (first === undefined || second === undefined) throw new Error('two folders')
  for (const [place, mode] of [
    [first, 0o644],
    [second, 0o755],
  ] as const) {
    mkdirSync(place)
    writeFileSync(join(place, 'tool'), '')
    chmodSync(join(place, 'tool'), mode)
  }
  const found = join(second, 'tool')
  expect(findProgram('tool', `${folder}/none:${first}:${second}`)).toBe(found)
  expect(findProgram(found, '')).toBe(found)
  expect(findProgram(join(first, 'tool'), second)).toBeUndefined()
  expect(findProgram('tool', first)).toBeUndefined()
})
