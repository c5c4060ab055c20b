import { describe, expect, onTestFinished, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { describeStorage } from '../conformance.ts'
import {
  CompactedError,
  QuotaExceededError,
  StorageTimeoutError,
  StorageUnavailableError,
} from '../storage.ts'
import { collect, describeBatch, dump, makeVirtualHost, put, remove } from '../testing/fixture.ts'
import { compactOnce, startEtcdCompactor } from './etcd-compactor.ts'
import { type EtcdStorage, openEtcdStorage } from './etcd-storage.ts'
import { EtcdProcess, whyNoEtcd } from './testing/etcd-process.ts'

async function startEtcd(args: readonly string[] = []): Promise<EtcdProcess> {
  const etcd = await EtcdProcess.start(args)
  onTestFinished(() => etcd.dispose())
  return etcd
}

async function open(etcd: EtcdProcess): Promise<EtcdStorage> {
  const storage = await openEtcdStorage({ host: realHost, servers: etcd.servers })
  onTestFinished(() => storage.close())
  return storage
}

describe.skipIf(whyNoEtcd !== '')(`on a real etcd ${whyNoEtcd}`, () => {
  describeStorage(
    'EtcdStorage',
    async () => {
      const etcd = await EtcdProcess.start()
      return {
        durable: true,
        open: ({ host }) => openEtcdStorage({ host, servers: etcd.servers }),
        dispose: () => etcd.dispose(),
      }
    },
    { modelRuns: 10, remote: true },
  )

  test('two stores on one etcd see the same revisions, and guards hold between them', async () => {
    const etcd = await startEtcd()
    const [one, two] = [await open(etcd), await open(etcd)]
    const attempts = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? one : two).commit(
        [{ type: 'put', key: '/a', value: new Uint8Array([index]) }],
        [{ key: '/a', modRevision: 0 }],
      ),
    )
    const won = (await Promise.allSettled(attempts)).filter(({ status }) => status === 'fulfilled')
    expect(won).toHaveLength(1)
    const revision = await put(one, '/b', '1')
    expect(await two.currentRevision()).toBe(revision)
    expect(await collect(two, '/b', 1, revision)).toEqual([`${revision} /b=1`])
  })

  test('goes on with another member when one is away, and warns of no address as a name', async () => {
    const warnings: string[] = []
    const warn = (warning: Error & { code?: string }): void => {
      warnings.push(warning.code ?? warning.message)
    }
    process.on('warning', warn)
    onTestFinished(() => {
      process.off('warning', warn)
    })
    const members = await EtcdProcess.startCluster(3)
    for (const member of members) onTestFinished(() => member.dispose())
    const [first] = members
    if (first === undefined) throw new Error('no members')
    const storage = await openEtcdStorage({ host: realHost, servers: first.servers })
    onTestFinished(() => storage.close())
    const stop = new AbortController()
    const seen: string[] = []
    const follow = async (): Promise<void> => {
      for await (const batch of storage.watch('/k/', { after: 1, signal: stop.signal }))
        seen.push(...describeBatch(batch).map((line) => line.replace(/^\d+ /, '')))
    }
    const following = follow()
    const write = async (name: string): Promise<void> => {
      for (;;) {
        const failed = await put(storage, name, 'x').then(
          () => false,
          (error: unknown) =>
            error instanceof StorageUnavailableError || error instanceof StorageTimeoutError,
        )
        if (!failed) return
        await realHost.nextTurn()
      }
    }
    await write('/k/before')
    for (const [index, member] of members.entries()) {
      await member.kill()
      await write(`/k/without-${index}`)
      await storage.currentRevision()
      member.run()
    }
    stop.abort()
    await following
    const names = ['before', 'without-0', 'without-1', 'without-2']
    expect([...new Set(seen)]).toEqual(names.map((name) => `/k/${name}=x`))
    expect(warnings).toEqual([])
  }, 60_000)

  test('close() waits for no etcd that does not answer', async () => {
    const etcd = await startEtcd()
    const storage = await openEtcdStorage({ host: realHost, servers: etcd.servers })
    await put(storage, '/a', '1')
    await etcd.kill()
    const asked = storage.currentRevision().catch((error: unknown) => error)
    await storage.close()
    expect(await asked).toBeInstanceOf(Error)
  })

  test('a delete of an absent key has no revision of its own', async () => {
    const storage = await open(await startEtcd())
    expect(await put(storage, '/a', '1')).toBe(2)
    expect(await remove(storage, '/b')).toBe(2)
    expect(await put(storage, '/a', '2')).toBe(3)
  })

  test('a watch goes on over restarts of etcd, each revision once', async () => {
    const etcd = await startEtcd()
    const [writer, reader] = [await open(etcd), await open(etcd)]
    const stop = new AbortController()
    const seen: string[] = []
    const follow = async (): Promise<void> => {
      for await (const batch of reader.watch('/k/', { after: 1, signal: stop.signal }))
        seen.push(...describeBatch(batch))
    }
    const following = follow()
    let refused = 0
    const acknowledged: string[] = []
    for (let life = 0; life < 3; life++) {
      for (let count = 0; count < 30; count++) {
        const name = `/k/${life}-${count}`
        if (count === 15) {
          await etcd.kill()
          await expect(put(writer, name, 'lost')).rejects.toThrow(StorageUnavailableError)
          refused++
          etcd.run()
          await writer.currentRevision()
        }
        const revision = await put(writer, name, 'x')
        acknowledged.push(`${revision} ${name}=x`)
      }
    }
    const last = await writer.currentRevision()
    await expect.poll(() => seen.at(-1)?.split(' ')[0]).toBe(String(last))
    stop.abort()
    await following
    expect(refused).toBe(3)
    expect(seen).toEqual(acknowledged)
    expect(await dump(reader, '/k/')).toHaveLength(90)
  })

  test('no acknowledged commit is lost when etcd is killed under load', async () => {
    const etcd = await startEtcd()
    const storage = await open(etcd)
    const acknowledged = new Map<string, number>()
    for (let life = 0; life < 5; life++) {
      const writes = Array.from({ length: 200 }, (_, index) => `/w/${life}/${index}`)
      const writing = Promise.allSettled(
        writes.map(async (key) => acknowledged.set(key, await put(storage, key, 'x'))),
      )
      await expect.poll(() => acknowledged.size, { interval: 1 }).toBeGreaterThan(life * 200)
      await etcd.kill()
      etcd.run()
      await writing
      await storage.currentRevision()
    }
    const { entries } = await storage.range('/w/')
    const stored = new Map(entries.map(({ key, modRevision }) => [key, modRevision]))
    for (const [key, revision] of acknowledged) expect(stored.get(key)).toBe(revision)
  })

  test('a watch that has missed what is compacted meanwhile fails', async () => {
    const etcd = await startEtcd()
    const [writer, reader] = [await open(etcd), await open(etcd)]
    for (let count = 0; count < 5; count++) await put(writer, '/a', String(count))
    await writer.compact(5)
    const watching = collect(reader, '/', 2, 6)
    await expect(watching).rejects.toThrow(CompactedError)
    await expect(reader.range('/', { revision: 3 })).rejects.toMatchObject({ compactedRevision: 5 })
    expect(await collect(reader, '/', 5, 6)).toEqual(['6 /a=4 (was 3@5)'])
  })

  test('a key with a time to live goes, and such keys share leases', async () => {
    const etcd = await startEtcd()
    const storage = await open(etcd)
    const hour = 3_600_000
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => put(storage, `/registry/events/${index}`, 'x', hour)),
    )
    const { leases } = await storage.connection.read<{ leases: readonly unknown[] }>(
      'etcdserverpb.Lease',
      'LeaseLeases',
      {},
    )
    expect(leases).toHaveLength(1)
    await put(storage, '/short', 'x', 1000)
    await put(storage, '/kept', 'x', 1000)
    await put(storage, '/kept', 'y')
    await expect.poll(() => storage.get('/short'), { timeout: 20_000 }).toBeUndefined()
    expect(await dump(storage, '/kept')).toEqual(['/kept=y'])
    expect(await dump(storage, '/registry/events/')).toHaveLength(50)
  })

  test('one of several servers compacts, to what was new one interval ago', async () => {
    const etcd = await startEtcd()
    const [one, two] = [await open(etcd), await open(etcd)]
    const unknown = { turns: 0, revision: 0 }
    const first = await compactOnce(one, unknown)
    expect(first).toEqual({ turns: 1, revision: 2 })
    const learned = await compactOnce(two, unknown)
    expect(learned).toEqual({ turns: 1, revision: 2 })
    for (let count = 0; count < 3; count++) await put(one, '/a', String(count))
    expect(await compactOnce(one, first)).toEqual({ turns: 2, revision: 6 })
    expect(await compactOnce(two, learned)).toEqual({ turns: 2, revision: 6 })
    expect(await dump(one, '/a', 3)).toEqual(['/a=0'])
    await expect(dump(two, '/a', 1)).rejects.toThrow(CompactedError)
    expect((await one.get('compact_rev_key'))?.modRevision).toBe(6)
  })

  test('the compactor looks once in each interval', async () => {
    const etcd = await startEtcd()
    const host = makeVirtualHost()
    const storage = await openEtcdStorage({ host, servers: etcd.servers })
    onTestFinished(() => storage.close())
    const stop = new AbortController()
    startEtcdCompactor(storage, { host, logger: silentLogger, signal: stop.signal })
    for (let round = 0; round < 3; round++) {
      await put(storage, '/a', String(round))
      await host.advance(5 * 60_000)
    }
    stop.abort()
    await expect(dump(storage, '/a', 3)).rejects.toThrow(CompactedError)
    expect(await dump(storage, '/a')).toEqual(['/a=2'])
  })

  test('a full etcd refuses puts by the text that upstream shows', async () => {
    const etcd = await startEtcd(['--quota-backend-bytes', String(2 ** 21)])
    const storage = await open(etcd)
    const fill = async (): Promise<void> => {
      for (let count = 0; count < 100; count++) await put(storage, `/k/${count}`, 'x'.repeat(50_000))
    }
    await expect(fill()).rejects.toThrow(QuotaExceededError)
    await remove(storage, '/k/1')
    expect(await storage.get('/k/2')).toBeDefined()
  })

  test('an etcd that is away is named in the error, at once for a write and after its time for a read', async () => {
    const etcd = await startEtcd()
    const storage = await open(etcd)
    await put(storage, '/a', '1')
    await etcd.kill()
    await expect(put(storage, '/a', '2')).rejects.toThrow(/^rpc error: code = Unavailable desc = /)
    await expect(storage.probe(200)).rejects.toThrow(StorageTimeoutError)
    await expect(
      openEtcdStorage({ host: realHost, servers: etcd.servers, openTimeoutMs: 200 }),
    ).rejects.toThrow('context deadline exceeded')
  })
})
