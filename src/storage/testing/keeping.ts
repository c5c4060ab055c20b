import { expect, test } from 'vitest'
import { CompactedError, FutureRevisionError, QuotaExceededError, type Storage } from '../storage.ts'
import { collect, dump, type MakeStorage, openFixture, put, remove } from './fixture.ts'

/** What depends on a store that keeps time and its quota in this process. */
function describeLimits(make: MakeStorage): void {
  test('a write with a time to live goes when it is over, by a commit of its own', async () => {
    const { storage, host } = await openFixture(make)
    await put(storage, '/short', '1', 1000)
    await put(storage, '/long', '1', 3000)
    await put(storage, '/kept', '1', 1000)
    await put(storage, '/kept', '2')
    await put(storage, '/renewed', '1', 1000)
    await put(storage, '/renewed', '2', 2000)
    await put(storage, '/removed', '1', 1000)
    await remove(storage, '/removed')
    await host.advance(999)
    expect(await dump(storage)).toEqual(['/kept=2', '/long=1', '/renewed=2', '/short=1'])
    await host.advance(1)
    expect(await dump(storage)).toEqual(['/kept=2', '/long=1', '/renewed=2'])
    expect(await storage.currentRevision()).toBe(10)
    await host.advance(1000)
    expect(await dump(storage)).toEqual(['/kept=2', '/long=1'])
    await host.advance(1000)
    expect(await dump(storage)).toEqual(['/kept=2'])
    expect(await collect(storage, '', 9, 12)).toEqual([
      '10 /short=undefined (was 1@2)',
      '11 /renewed=undefined (was 2@7)',
      '12 /long=undefined (was 1@3)',
    ])
  })

  test('many writes may end at the same time', async () => {
    const { storage, host } = await openFixture(make)
    const count = 1200
    await Promise.all(Array.from({ length: count }, (_, index) => put(storage, `/e/${index}`, 'x', 1000)))
    await put(storage, '/e/kept', 'x', 2000)
    await host.advance(1000)
    expect(await dump(storage)).toEqual(['/e/kept=x'])
    expect(await storage.currentRevision()).toBe(2 * count + 2)
  })

  test('puts are refused at the quota while deletes, compaction and reads go on', async () => {
    const quota = 2 * 2 ** 20
    const { storage } = await openFixture(make, quota)
    const value = 'x'.repeat(50_000)
    const fill = async (): Promise<number> => {
      for (let count = 0; ; count++) {
        try {
          await put(storage, `/k/${count % 10}`, value)
        } catch (error) {
          expect(error).toBeInstanceOf(QuotaExceededError)
          expect((error as Error).message).toBe('etcdserver: mvcc: database space exceeded')
          return count
        }
        expect(count).toBeLessThan(100)
      }
    }
    const compactAll = async (store: Storage) => store.compact(await store.currentRevision())
    expect(await fill()).toBeGreaterThan(20)
    await expect(put(storage, '/k/0', 'x')).rejects.toThrow(QuotaExceededError)
    await remove(storage, '/k/1')
    expect(await storage.get('/k/2')).toBeDefined()
    await compactAll(storage)
    expect(await fill()).toBeGreaterThan(10)
    await compactAll(storage)
    expect(await fill()).toBeGreaterThan(10)
  })

  test('a store opened again has everything, if it is durable', async () => {
    const fixture = await openFixture(make)
    await put(fixture.storage, '/a', '1')
    await put(fixture.storage, '/a', '2')
    await put(fixture.storage, '/b', '1', 5000)
    await put(fixture.storage, '/c', '1', 1000)
    await fixture.storage.compact(2)
    expect(fixture.storage.compactedRevision).toBe(2)
    const again = await fixture.reopen()
    if ((await again.currentRevision()) === 1) {
      expect(await dump(again)).toEqual([])
      return
    }
    expect(await dump(again)).toEqual(['/a=2', '/b=1', '/c=1'])
    expect(await dump(again, '', 2)).toEqual(['/a=1'])
    await expect(dump(again, '', 1)).rejects.toThrow(CompactedError)
    await fixture.host.advance(1000)
    expect(await dump(again)).toEqual(['/a=2', '/b=1'])
    const closedFor = fixture.reopen()
    await closedFor
    await fixture.host.advance(4000)
    expect(await dump(fixture.storage)).toEqual(['/a=2'])
    expect(await put(fixture.storage, '/a', '3')).toBe(8)
  })
}

/** Compaction, time to live, quota, reopening: what is kept, and for how long. */
export function describeKeeping(make: MakeStorage, remote: boolean): void {
  if (!remote) describeLimits(make)

  test('compact() forgets what only older reads need', async () => {
    const { storage } = await openFixture(make)
    await put(storage, '/a', '1')
    await put(storage, '/b', '1')
    await put(storage, '/a', '2')
    await remove(storage, '/b')
    await put(storage, '/c', '1')
    await put(storage, '/a', '3')
    await storage.compact(5)
    await expect(storage.range('/', { revision: 4 })).rejects.toThrow(CompactedError)
    expect(await dump(storage, '', 5)).toEqual(['/a=2'])
    expect(await dump(storage, '', 6)).toEqual(['/a=2', '/c=1'])
    expect(await dump(storage)).toEqual(['/a=3', '/c=1'])
    expect(await collect(storage, '', 5, 7)).toEqual(['6 /c=1', '7 /a=3 (was 2@4)'])
    await storage.compact(5)
    await storage.compact(3)
    await storage.compact(7)
    expect(await dump(storage, '', 7)).toEqual(['/a=3', '/c=1'])
    await expect(storage.compact(8)).rejects.toThrow(FutureRevisionError)
    expect(await put(storage, '/b', '2')).toBe(8)
  })

  test('compact() keeps the revision when everything is gone', async () => {
    const { storage, reopen } = await openFixture(make)
    await put(storage, '/a', '1')
    await remove(storage, '/a')
    await storage.compact(3)
    expect(await dump(storage)).toEqual([])
    expect(await storage.currentRevision()).toBe(3)
    const again = await reopen()
    expect([1, 3]).toContain(await again.currentRevision())
  })

  test('compact() of much history goes on while commits do', async () => {
    const { storage } = await openFixture(make)
    const write = (round: number) =>
      Promise.all(Array.from({ length: 500 }, (_, index) => put(storage, `/k/${index}`, `${round}`)))
    let before: number | undefined
    for (let round = 0; round < 8; round++) [before] = await write(round)
    const revision = await storage.currentRevision()
    const compacting = storage.compact(revision)
    const [after = 0] = await write(8)
    await compacting
    expect((await dump(storage, '', revision)).every((line) => line.endsWith('=7'))).toBe(true)
    expect(await collect(storage, '/k/0', revision, after)).toEqual([`${after} /k/0=8 (was 7@${before})`])
  })
}
