import { expect, test } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import { startCompactor } from './compactor.ts'
import { MemoryStorage } from './memory/memory-storage.ts'
import { CompactedError } from './storage.ts'
import { dump, makeVirtualHost, put } from './testing/fixture.ts'

const minuteMs = 60_000

function start(intervalMs?: number) {
  const host = makeVirtualHost()
  const storage = new MemoryStorage({ host })
  const controller = new AbortController()
  const base = { host, logger: silentLogger, signal: controller.signal }
  startCompactor(storage, intervalMs === undefined ? base : { ...base, intervalMs })
  return { host, storage, controller }
}

test('startCompactor() keeps what is younger than one interval', async () => {
  const { host, storage, controller } = start()
  await put(storage, '/a', '1')
  await host.advance(5 * minuteMs)
  await put(storage, '/a', '2')
  expect(await dump(storage, '', 1)).toEqual([])
  await host.advance(5 * minuteMs - 1)
  expect(await dump(storage, '', 1)).toEqual([])
  await put(storage, '/a', '3')
  await host.advance(1)
  await expect(dump(storage, '', 1)).rejects.toThrow(CompactedError)
  expect(await dump(storage, '', 2)).toEqual(['/a=1'])
  await host.advance(5 * minuteMs)
  await expect(dump(storage, '', 3)).rejects.toThrow(CompactedError)
  expect(await dump(storage, '', 4)).toEqual(['/a=3'])
  controller.abort()
  await put(storage, '/a', '4')
  await host.advance(60 * minuteMs)
  expect(await dump(storage, '', 4)).toEqual(['/a=3'])
})

test('startCompactor() with an interval of 0 compacts nothing', async () => {
  const { host, storage } = start(0)
  await put(storage, '/a', '1')
  await host.advance(60 * minuteMs)
  expect(await dump(storage, '', 1)).toEqual([])
})

test('startCompactor() survives a compaction that fails', async () => {
  const { host, storage, controller } = start(minuteMs)
  await put(storage, '/a', '1')
  let failures = 0
  const compact = storage.compact.bind(storage)
  storage.compact = async () => {
    failures++
    throw new Error('not now')
  }
  await host.advance(2 * minuteMs)
  expect(failures).toBe(2)
  storage.compact = compact
  await host.advance(2 * minuteMs)
  await expect(dump(storage, '', 1)).rejects.toThrow(CompactedError)
  controller.abort()
})
