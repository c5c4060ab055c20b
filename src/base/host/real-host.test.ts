import { expect, test } from 'vitest'
import { RealHost } from './real-host.ts'

test('schedule() never calls back early or in the same turn', async () => {
  const host = new RealHost()
  const start = host.monotonicMs()
  let inSameTurn = true
  const elapsed = await new Promise<number>((resolve) => {
    host.schedule(3.7, () => {
      expect(inSameTurn).toBe(false)
      resolve(host.monotonicMs() - start)
    })
    inSameTurn = false
  })
  expect(elapsed).toBeGreaterThanOrEqual(3.7)
})

test('schedule() waits for longer than a Node timer can hold', async () => {
  const host = new RealHost()
  let fired = false
  const timer = host.schedule(2 ** 40, () => {
    fired = true
  })
  await new Promise<void>((resolve) => {
    host.schedule(10, resolve)
  })
  expect(fired).toBe(false)
  timer.cancel()
  timer.cancel()
})

test('sha256() hashes, with plain bytes in and out', () => {
  const digest = new RealHost().sha256(new TextEncoder().encode('abc'))
  expect(Array.from(digest.subarray(0, 4))).toEqual([0xba, 0x78, 0x16, 0xbf])
  expect(digest.length).toBe(32)
})

test('track() counts work until it settles, however it does', async () => {
  const host = new RealHost()
  const good = host.track(host.nextTurn())
  const bad = host.track(host.nextTurn().then(() => Promise.reject(new Error('no'))))
  expect(host.underWay).toBe(2)
  await good
  await expect(bad).rejects.toThrow('no')
  expect(host.underWay).toBe(0)
})

test('randomBytes() never gives the same twice, and does not change what it gave', () => {
  const host = new RealHost()
  const lengths = [16, 0, 4096, 1, 5000, 33]
  const given = Array.from({ length: 2_000 }, (_, index) => host.randomBytes(lengths[index % 6] ?? 0))
  expect(given.map((bytes) => bytes.length)).toEqual(given.map((_, index) => lengths[index % 6]))
  const uids = given.filter((bytes) => bytes.length === 16).map((bytes) => bytes.join())
  expect(new Set(uids).size).toBe(uids.length)
  expect(
    given.filter((bytes) => bytes.length === 4096).every((bytes) => bytes.some((byte) => byte > 0)),
  ).toBe(true)
})
