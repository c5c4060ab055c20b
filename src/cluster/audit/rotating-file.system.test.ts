import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { RotatingFile, type RotationLimits } from './rotating-file.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const startMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

function open(limits: Partial<RotationLimits> = {}, old: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'))
  folders.push(folder)
  for (const name of old) writeFileSync(join(folder, name), 'old')
  let nowMs = startMs
  const host = { now: () => nowMs++, track: <T>(work: Promise<T>) => realHost.track(work) }
  const path = join(folder, 'audit.log')
  const none = { maxAgeDays: 0, maxBackups: 0, maxBytes: 10, compress: false }
  const file = new RotatingFile({ ...none, ...limits, host, logger: silentLogger, path })
  return { folder, file, path }
}

test('RotatingFile puts a full file aside under the time, for its owner only', async () => {
  const { folder, file, path } = open()
  for (const line of ['12345\n', '678\n', 'next\n']) file.write(line)
  await file.close()
  const [backup = '', current] = readdirSync(folder)
  expect([backup, current]).toEqual([
    expect.stringMatching(/^audit-2026-01-02T03-04-05\.\d{3}\.log$/),
    'audit.log',
  ])
  expect(readFileSync(join(folder, backup), 'utf8')).toBe('12345\n678\n')
  expect(readFileSync(path, 'utf8')).toBe('next\n')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(() => file.write('late')).toThrow('file already closed')
})

test('RotatingFile refuses what is larger than a file, and never rotates without a limit', async () => {
  const limited = open()
  expect(() => limited.file.write('x'.repeat(11))).toThrow('write length 11 exceeds maximum file size 10')
  await limited.file.close()
  const unlimited = open({ maxBytes: 0 })
  for (let line = 0; line < 5; line++) unlimited.file.write('12345678\n')
  await unlimited.file.close()
  expect(readdirSync(unlimited.folder)).toEqual(['audit.log'])
})

test('RotatingFile removes what is too much or too old, and leaves what is not its own', async () => {
  const old = ['audit-2025-01-01T00-00-00.000.log', 'audit-2026-01-01T00-00-00.000.log.gz', 'audit-notes.log']
  const { folder, file } = open({ maxAgeDays: 30, maxBackups: 2 }, old)
  for (const line of ['1234567\n', '2345678\n', '3456789\n']) file.write(line)
  await file.close()
  const names = readdirSync(folder)
  expect(names.filter((name) => /^audit-2026-01-02T/.test(name)).length).toBe(2)
  expect(names.filter((name) => !/^audit-2026-01-02T/.test(name))).toEqual(['audit-notes.log', 'audit.log'])
})

test('RotatingFile compresses what it has put aside', async () => {
  const { folder, file } = open({ compress: true })
  file.write('1234567\n')
  file.write('2345678\n')
  await file.close()
  const [backup = ''] = readdirSync(folder)
  expect(backup).toMatch(/\.log\.gz$/)
  expect(gunzipSync(readFileSync(join(folder, backup))).toString()).toBe('1234567\n')
})
