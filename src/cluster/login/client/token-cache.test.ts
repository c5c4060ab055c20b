import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { processStartTicks } from '../../process-identity.ts'
import { TokenCache } from './token-cache.ts'

let folder: string
let cache: TokenCache
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-tokens-'))
  cache = new TokenCache(folder, ['issuer', 'client'])
  cache.write({ idToken: 'token', expiresMs: 1 })
})
afterEach(() => rmSync(folder, { recursive: true }))

function lockAs(pid: number, startTicks: number): string {
  const lock = join(folder, `${readdirSync(folder)[0]}.lock`)
  writeFileSync(lock, JSON.stringify({ pid, startTicks }))
  return lock
}

test('alone() waits for nobody whose login was broken off', async () => {
  lockAs(spawnSync(process.execPath, ['-e', '']).pid, 1)
  expect(await cache.alone(async () => cache.read()?.idToken)).toBe('token')
  expect(readdirSync(folder)).toHaveLength(1)
})

test('alone() waits for another process that is at it, and for itself', async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const pid = other.pid ?? 0
  const lock = lockAs(pid, processStartTicks(pid) ?? 0)
  const order: string[] = []
  const [first, second] = ['first', 'second'].map((name) =>
    cache.alone(async () => {
      order.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      order.push(`${name} ends`)
    }),
  )
  order.push('the other ends')
  rmSync(lock)
  other.kill()
  await Promise.all([first, second])
  const [begun = ''] = order[1]?.split(' ') ?? []
  const later = begun === 'first' ? 'second' : 'first'
  expect(order).toEqual([
    'the other ends',
    ...[begun, later].flatMap((name) => [`${name} begins`, `${name} ends`]),
  ])
})
