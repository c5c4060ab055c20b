import { expect, test } from 'vitest'
import type { Batch } from './storage.ts'
import { makeVirtualHost } from './testing/fixture.ts'
import { filterBatch, type HistoryChunk, WatchHub } from './watch-hub.ts'

const value = new Uint8Array(1000)

const batchAt = (revision: number, key = '/a'): Batch => ({
  revision,
  changes: [{ key, entry: { key, value, modRevision: revision, createRevision: revision } }],
})

/** A hub over a store that keeps everything and counts how often it is asked for it. */
function makeHub(options: { maxRecentBatches?: number; maxRecentBytes?: number } = {}) {
  const host = makeVirtualHost()
  const all: Batch[] = []
  const asked: number[] = []
  const visible = (): number => all.length
  const hub = new WatchHub(
    host,
    {
      visibleRevision: visible,
      compactedRevision: () => 0,
      readHistory: async (prefix, after): Promise<HistoryChunk> => {
        asked.push(after)
        const upTo = Math.min(after + 3, visible())
        const batches = all.slice(after, upTo).map((batch) => filterBatch(batch, prefix))
        return { batches: batches.filter((batch) => batch !== undefined), upTo }
      },
    },
    options,
  )
  const publish = (count: number): void => {
    const batches = Array.from({ length: count }, (_, index) => batchAt(all.length + index + 1))
    all.push(...batches)
    hub.publish(batches)
  }
  const watch = (after?: number, previous = true) => {
    const { signal } = new AbortController()
    const options = after === undefined ? { signal, previous } : { after, signal, previous }
    return hub.watch('/', options)[Symbol.asyncIterator]()
  }
  return { host, hub, asked, publish, watch }
}

async function revisions(iterator: AsyncIterator<Batch>, count: number): Promise<readonly number[]> {
  const seen: number[] = []
  while (seen.length < count) {
    const result = await iterator.next()
    if (result.done) break
    seen.push(result.value.revision)
  }
  return seen
}

test('a watcher that keeps up never asks for the history', async () => {
  const { publish, watch, asked } = makeHub({ maxRecentBatches: 4 })
  const watcher = watch()
  for (let round = 0; round < 10; round++) {
    publish(3)
    expect(await revisions(watcher, 3)).toEqual([1, 2, 3].map((offset) => round * 3 + offset))
  }
  expect(asked).toEqual([])
})

test('a watcher that falls behind the recent batches reads the history, and then goes on from them', async () => {
  const { publish, watch, asked, hub } = makeHub({ maxRecentBatches: 4 })
  const slow = watch()
  const quick = watch()
  for (let round = 0; round < 5; round++) {
    publish(2)
    await revisions(quick, 2)
  }
  expect(hub.slowWatcherCount).toBe(1)
  expect(await revisions(slow, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(asked).toEqual([0, 3, 6])
  expect(hub.slowWatcherCount).toBe(0)
  publish(1)
  expect(await revisions(slow, 1)).toEqual([11])
  expect(asked).toHaveLength(3)
})

test('recent batches are bounded by their bytes, too', async () => {
  const { publish, watch, asked, hub } = makeHub({ maxRecentBytes: 2500 })
  const watcher = watch()
  publish(2)
  expect(hub.slowWatcherCount).toBe(0)
  publish(1)
  expect(hub.slowWatcherCount).toBe(1)
  expect(await revisions(watcher, 3)).toEqual([1, 2, 3])
  expect(asked).toEqual([0])
})

test('a watcher whose consumer has gone is forgotten', async () => {
  const { publish, watch, hub } = makeHub()
  const watcher = watch()
  expect(hub.watcherCount).toBe(1)
  await watcher.return?.()
  expect(hub.watcherCount).toBe(0)
  publish(1)
  const later = watch(0)
  expect(await revisions(later, 1)).toEqual([1])
})

test('asking for two batches at a time is refused', () => {
  const { watch } = makeHub()
  const watcher = watch()
  void watcher.next()
  expect(() => watcher.next()).toThrow('while it waits')
})

test('who wants previous values does not get batches that were published while nobody did', async () => {
  const { hub, publish, watch, asked } = makeHub()
  const slow = watch(0, false)
  expect(hub.wantsPrevious).toBe(false)
  publish(3)
  const comparing = watch(1)
  expect(hub.wantsPrevious).toBe(true)
  expect(await revisions(comparing, 2)).toEqual([2, 3])
  expect(asked).toEqual([1])
  expect(await revisions(slow, 3)).toEqual([1, 2, 3])
  await comparing.return?.()
  expect(hub.wantsPrevious).toBe(false)
})
