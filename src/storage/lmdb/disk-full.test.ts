import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Storage, StorageFullError } from '../storage.ts'
import { dump, makeVirtualHost, put, remove } from '../testing/fixture.ts'
import { openLmdbStorage } from './lmdb-storage.ts'
import { temporaryDirectory } from './testing/temporary-directory.ts'

const value = 'x'.repeat(40_000)

/** A small file system of its own; undefined where that is not allowed. */
function mountSmallDisk(size = '12m'): string | undefined {
  const directory = temporaryDirectory()
  const disk = join(directory, 'disk')
  mkdirSync(disk)
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'timonel-test', disk])
  if (mount.status !== 0) return undefined
  onTestFinished(() => {
    // Lazily: a test that has failed leaves its store open.
    spawnSync('umount', ['-l', disk])
  })
  return disk
}

test('a disk that is full already refuses to open, by name, and opens with what the reserve held (needs root)', async (context) => {
  const disk = mountSmallDisk('4m')
  if (disk === undefined) return context.skip('no file system can be mounted')
  const host = makeVirtualHost()
  const path = join(disk, 'store.lmdb')
  const ballast = join(disk, 'ballast')
  const full = `${path} cannot grow: no space left on the device`
  writeFileSync(ballast, Buffer.alloc(3.5 * 2 ** 20))
  await expect(openLmdbStorage({ directory: disk, host })).rejects.toThrow(full)

  writeFileSync(ballast, Buffer.alloc(2 ** 20))
  const storage = await openLmdbStorage({ directory: disk, host })
  await put(storage, '/k/1', 'value')
  await storage.close()
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(join(disk, 'more'), Buffer.alloc(bavail * bsize))

  const again = await openLmdbStorage({ directory: disk, host })
  expect((await again.get('/k/1'))?.value.length).toBe('value'.length)
  await again.close()
})

async function fill(storage: Storage): Promise<unknown> {
  for (let count = 0; count < 1000; count++) {
    try {
      await put(storage, `/k/${count}`, value)
    } catch (error) {
      return error
    }
  }
  return undefined
}

test('a full disk refuses writes while reads go on, until there is room again (needs root)', async (context) => {
  const disk = mountSmallDisk()
  if (disk === undefined) return context.skip('no file system can be mounted')
  const host = makeVirtualHost()
  const path = join(disk, 'store.lmdb')
  const ballast = join(disk, 'ballast')
  writeFileSync(ballast, Buffer.alloc(4 * 2 ** 20))
  const storage = await openLmdbStorage({ directory: disk, host })
  const controller = new AbortController()
  const watched: number[] = []
  const watching = (async () => {
    for await (const { revision } of storage.watch('/', { signal: controller.signal })) watched.push(revision)
  })()

  const error = await fill(storage)
  expect(error).toBeInstanceOf(StorageFullError)
  expect(error).toMatchObject({ message: `${path} cannot grow: no space left on the device` })
  const revision = await storage.currentRevision()
  const kept = await dump(storage)
  expect(kept).toHaveLength(revision - 1)
  expect((await storage.get('/k/3'))?.value.length).toBe(value.length)

  // All that wait for the same flush are refused together, and nothing of them is seen.
  await host.advance(1000)
  const together = await Promise.allSettled([1, 2, 3].map((index) => put(storage, `/new/${index}`, value)))
  expect(together.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(await storage.currentRevision()).toBe(revision)
  expect(await dump(storage)).toEqual(kept)

  // Deletions need no room of their own, and nobody waits before they are tried.
  expect(await remove(storage, '/k/0')).toBe(revision + 1)

  rmSync(ballast)
  await host.advance(1000)
  expect(await put(storage, '/after', value)).toBe(revision + 2)
  expect(watched.at(-1)).toBe(revision + 2)
  controller.abort()
  await watching
  await storage.close()
  const again = await openLmdbStorage({ directory: disk, host })
  expect(await dump(again)).toHaveLength(kept.length)
  await again.close()
})
