import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createMetrics } from '../../base/host/metrics.ts'
import { realHost } from '../../base/host/real-host.ts'
import { describeStorage } from '../conformance.ts'
import type { Storage } from '../storage.ts'
import { dump, put } from '../testing/fixture.ts'
import { openLmdbStorage } from './lmdb-storage.ts'
import { temporaryDirectory } from './testing/temporary-directory.ts'

describeStorage(
  'LmdbStorage',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'timonel-lmdb-'))
    return {
      durable: true,
      open: (options) => openLmdbStorage({ ...options, directory }),
      dispose: async () => rmSync(directory, { recursive: true }),
    }
  },
  { modelRuns: 25 },
)

test('LmdbStorage that does not sync keeps what was written when it ends in order', async () => {
  const directory = temporaryDirectory()
  const first = await openLmdbStorage({ directory, host: realHost, unsynced: true })
  await put(first, '/k/a', 'x')
  await first.close()
  const second = await openLmdbStorage({ directory, host: realHost })
  expect(await dump(second)).toEqual(['/k/a=x'])
  await second.close()
})

const revisionsBefore = (storage: Storage): Promise<number> =>
  storage.currentRevision().then((revision) => storage.compact(revision).then(() => revision))

test('LmdbStorage finishes a compaction that its last owner has not', async () => {
  const directory = temporaryDirectory()
  const metrics = createMetrics()
  const read = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics.expose())?.[1])
  const first = await openLmdbStorage({ directory, host: realHost })
  const keys = Array.from({ length: 3000 }, (_, index) => `/k/${index % 100}`)
  await Promise.all(keys.map((key) => put(first, key, 'x'.repeat(1000))))
  const compaction = revisionsBefore(first).catch(() => 0)
  await realHost.nextTurn()
  await first.close()
  await compaction
  const second = await openLmdbStorage({ directory, host: realHost, metrics })
  expect(read('etcd_debugging_mvcc_compact_revision')).toBe(3001)
  const full = read('etcd_mvcc_db_total_size_in_use_in_bytes')
  await expect
    .poll(() => read('etcd_mvcc_db_total_size_in_use_in_bytes'), { timeout: 20_000 })
    .toBeLessThan(full / 4)
  expect(await dump(second)).toHaveLength(100)
  await second.close()
})

test('LmdbStorage tells about itself under the names of etcd', async () => {
  const metrics = createMetrics()
  const storage = await openLmdbStorage({ directory: temporaryDirectory(), host: realHost, metrics })
  await put(storage, '/a', '1')
  await put(storage, '/b', '1')
  await storage.commit([{ type: 'delete', key: '/a' }])
  await storage.get('/b')
  const text = metrics.expose()
  for (const line of [
    'etcd_mvcc_put_total 2',
    'etcd_mvcc_delete_total 1',
    'etcd_mvcc_txn_total 3',
    'etcd_mvcc_range_total 1',
    'etcd_disk_wal_fsync_duration_seconds_count 3',
    'etcd_debugging_mvcc_keys_total 1',
    'etcd_debugging_mvcc_current_revision 4',
    'etcd_server_quota_backend_bytes 2.147483648e+09',
  ]) {
    expect(text).toContain(`\n${line}\n`)
  }
  expect(text).toMatch(/\netcd_mvcc_db_total_size_in_bytes [1-9]\d{4,}\n/)
  await storage.close()
  expect(metrics.expose()).toContain('etcd_mvcc_db_total_size_in_bytes')
})

test('LmdbStorage keeps its directory to its owner', async () => {
  const directory = join(temporaryDirectory(), 'deep', 'store')
  const storage = await openLmdbStorage({ directory, host: realHost })
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  await storage.close()
})

test('LmdbStorage writes what the transformer makes of a value', async () => {
  const directory = temporaryDirectory()
  const invert = (_key: string, value: Uint8Array): Uint8Array => value.map((byte) => ~byte)
  const transformer = { toStorage: invert, fromStorage: invert }
  const storage = await openLmdbStorage({ directory, host: realHost, transformer })
  await put(storage, '/registry/secrets/a', 'swordfish')
  expect(await dump(storage)).toEqual(['/registry/secrets/a=swordfish'])
  await storage.close()
  const file = readFileSync(join(directory, 'store.lmdb'))
  expect(file.includes('/registry/secrets/a')).toBe(true)
  expect(file.includes('swordfish')).toBe(false)
})
