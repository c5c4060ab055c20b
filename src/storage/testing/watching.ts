import { expect, test } from 'vitest'
import type { Batch } from '../storage.ts'
import { CompactedError, FutureRevisionError } from '../storage.ts'
import { bytes, collect, describeBatch, type MakeStorage, openFixture, put, remove } from './fixture.ts'

const forever = (): AbortSignal => new AbortController().signal

const iterate = (batches: AsyncIterable<Batch>): AsyncIterator<Batch> => batches[Symbol.asyncIterator]()

async function nextOf(iterator: AsyncIterator<Batch>): Promise<readonly string[]> {
  const result = await iterator.next()
  return result.done ? ['done'] : describeBatch(result.value)
}

export function describeWatching(make: MakeStorage): void {
  test('watch() delivers what is written from its call on, with the state before', async () => {
    const { storage } = await openFixture(make)
    await put(storage, '/a', '1')
    const batches = iterate(storage.watch('/', { signal: forever() }))
    await put(storage, '/a', '2')
    const waiting = nextOf(batches)
    expect(await waiting).toEqual(['3 /a=2 (was 1@2)'])
    const later = nextOf(batches)
    await remove(storage, '/a')
    expect(await later).toEqual(['4 /a=undefined (was 2@3)'])
    await put(storage, '/a', '3')
    expect(await nextOf(batches)).toEqual(['5 /a=3'])
    await batches.return?.()
  })

  test('watch() delivers the past after a revision, then the present', async () => {
    const { storage, reopen } = await openFixture(make)
    await put(storage, '/a', '1')
    await put(storage, '/b', '1')
    await put(storage, '/a', '2')
    await remove(storage, '/a')
    await put(storage, '/a', '3')
    const all = ['2 /a=1', '3 /b=1', '4 /a=2 (was 1@2)', '5 /a=undefined (was 2@4)', '6 /a=3']
    expect(await collect(storage, '', 1, 6)).toEqual(all)
    expect(await collect(storage, '', 3, 6)).toEqual(all.slice(2))
    expect(await collect(storage, '/a', 1, 6)).toEqual(all.filter((line) => !line.includes('/b')))
    const batches = iterate(storage.watch('', { after: 4, signal: forever() }))
    expect(await nextOf(batches)).toEqual([all[3]])
    await put(storage, '/a', '4')
    expect(await nextOf(batches)).toEqual([all[4]])
    expect(await nextOf(batches)).toEqual(['7 /a=4 (was 3@6)'])
    await batches.return?.()
    const again = await reopen()
    if ((await again.currentRevision()) === 7) expect(await collect(again, '', 1, 6)).toEqual(all)
  })

  test('watch() never splits a revision, and shows of it what is under the prefix', async () => {
    const { storage } = await openFixture(make)
    const start = await storage.currentRevision()
    const batches = iterate(storage.watch('/p/', { signal: forever() }))
    const writes = ['/p/1', '/q/1', '/p/2'].map((key) => ({ type: 'put' as const, key, value: bytes('x') }))
    await storage.commit(writes)
    await storage.commit([{ type: 'put', key: '/q/1', value: bytes('y') }])
    await storage.commit(writes)
    const expected = [
      ['2 /p/1=x', '2 /p/2=x'],
      ['4 /p/1=x (was x@2)', '4 /p/2=x (was x@2)'],
    ]
    expect([await nextOf(batches), await nextOf(batches)]).toEqual(expected)
    await batches.return?.()
    expect(await collect(storage, '/p/', start, 4)).toEqual(expected.flat())
    expect(await collect(storage, '', start, 4)).toHaveLength(7)
  })

  test('watch() shows a commit before the commit is acknowledged', async () => {
    const { storage } = await openFixture(make)
    const order: string[] = []
    const batches = iterate(storage.watch('/', { signal: forever() }))
    const watched = batches.next().then(() => order.push('watched'))
    await put(storage, '/a', '1').then(() => order.push('acknowledged'))
    await watched
    expect(order).toEqual(['watched', 'acknowledged'])
    await batches.return?.()
  })

  test('watch() ends with its signal, waiting or not, and with its consumer', async () => {
    const { storage } = await openFixture(make)
    const controller = new AbortController()
    const waiting = iterate(storage.watch('/', { signal: controller.signal }))
    const idle = iterate(storage.watch('/', { signal: controller.signal }))
    const last = nextOf(waiting)
    await put(storage, '/a', '1')
    expect(await last).toEqual(['2 /a=1'])
    const end = nextOf(waiting)
    controller.abort()
    expect([await end, await nextOf(waiting), await nextOf(idle)]).toEqual([['done'], ['done'], ['done']])
    expect(await nextOf(iterate(storage.watch('/', { signal: controller.signal })))).toEqual(['done'])
    for await (const batch of storage.watch('/', { after: 1, signal: forever() })) {
      expect(describeBatch(batch)).toEqual(['2 /a=1'])
      break
    }
  })

  test('watch() from the future fails', async () => {
    const { storage } = await openFixture(make)
    const batches = iterate(storage.watch('/', { after: 2, signal: forever() }))
    await expect(batches.next()).rejects.toThrow(FutureRevisionError)
    expect(await nextOf(batches)).toEqual(['done'])
  })

  test('watch() fails when it starts, or falls, behind the compaction', async () => {
    const { storage } = await openFixture(make)
    for (let count = 0; count < 8; count++) await put(storage, '/a', String(count))
    const behind = iterate(storage.watch('/', { after: 3, signal: forever() }))
    const ahead = iterate(storage.watch('/', { after: 5, signal: forever() }))
    expect(await nextOf(ahead)).toEqual(['6 /a=4 (was 3@5)'])
    await storage.compact(5)
    await expect(behind.next()).rejects.toThrow(CompactedError)
    const early = iterate(storage.watch('/', { after: 4, signal: forever() }))
    await expect(early.next()).rejects.toMatchObject({ compactedRevision: 5 })
    expect(await collect(storage, '/', 5, 9)).toHaveLength(4)
    await ahead.return?.()
  })

  test('watch() of an idle prefix reports how far it is', async () => {
    const { storage, host } = await openFixture(make)
    const batches = iterate(storage.watch('/p/', { signal: forever() }))
    const next = batches.next()
    await put(storage, '/q', '1')
    await put(storage, '/q', '2')
    await host.advance(60_000)
    expect((await next).value).toEqual({ revision: 3, changes: [] })
    await batches.return?.()
  })

  test('watch() that catches up without a change says so', async () => {
    const { storage } = await openFixture(make)
    await put(storage, '/q', '1')
    await put(storage, '/q', '2')
    const batches = iterate(storage.watch('/p/', { after: 1, signal: forever() }))
    expect((await batches.next()).value).toEqual({ revision: 3, changes: [] })
    await batches.return?.()
  })

  test('watch() that is not read loses nothing, however long', async () => {
    const { storage } = await openFixture(make)
    const batches = iterate(storage.watch('/k/', { signal: forever() }))
    const value = new Uint8Array(4096)
    const count = 9000
    const writing = Array.from({ length: count }, (_, index) =>
      storage.commit([{ type: 'put', key: `/${index % 3 === 0 ? 'k' : 'other'}/${index % 30}`, value }]),
    )
    const revisions = await Promise.all(writing)
    const expected = revisions.filter((_, index) => index % 3 === 0).sort((a, b) => a - b)
    const seen: number[] = []
    while (seen.length < expected.length) {
      const result = await batches.next()
      if (result.done) break
      if (result.value.changes.length > 0) seen.push(result.value.revision)
    }
    expect(seen).toEqual(expected)
    await put(storage, '/k/last', 'x')
    expect(await nextOf(batches)).toEqual([`${count + 2} /k/last=x`])
    await batches.return?.()
  })

  test('watch() fails when the store is closed', async () => {
    const { storage } = await openFixture(make)
    const batches = iterate(storage.watch('/', { signal: forever() }))
    const next = batches.next()
    await Promise.all([storage.close(), expect(next).rejects.toThrow('the store is closed')])
    await expect(storage.get('/')).rejects.toThrow('the store is closed')
    await expect(put(storage, '/a', '1')).rejects.toThrow('the store is closed')
    await storage.close()
  })
}
