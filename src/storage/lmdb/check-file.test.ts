import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { StorageCorruptError } from '../storage.ts'
import { dump, put } from '../testing/fixture.ts'
import { checkFile } from './check-file.ts'
import { openEnvironment } from './environment.ts'
import { openLmdbStorage } from './lmdb-storage.ts'
import { temporaryDirectory } from './testing/temporary-directory.ts'

/** A closed store with something in every table, and values on pages of their own. */
async function makeStore() {
  const directory = temporaryDirectory()
  const path = join(directory, 'store.lmdb')
  const storage = await openLmdbStorage({ directory, host: realHost })
  for (let round = 0; round < 3; round++) {
    const keys = Array.from({ length: 400 }, (_, index) => `/k/${index}`)
    await Promise.all(keys.map((key) => put(storage, key, `${round}`.repeat(500), 3_600_000)))
  }
  await put(storage, '/large', 'x'.repeat(100_000))
  await storage.close()
  return { directory, path, bytes: readFileSync(path) }
}

const open = (directory: string) => openLmdbStorage({ directory, host: realHost })

async function refusal(directory: string): Promise<string> {
  const error = await open(directory).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(StorageCorruptError)
  return error instanceof Error ? error.message : ''
}

test('a file that is something else is refused', async () => {
  const { directory, path } = await makeStore()
  writeFileSync(path, 'apiVersion: v1\n'.repeat(10_000))
  expect(await refusal(directory)).toBe(`${path} is not a store file`)
  writeFileSync(path, 'short')
  expect(await refusal(directory)).toBe(`${path} is truncated`)
})

test('a file with a damaged head is refused', async () => {
  const { directory, path, bytes } = await makeStore()
  const pageSize = bytes.readUInt32LE(48)
  const damaged = (offset: number, value: number): Buffer => {
    const copy = Buffer.from(bytes)
    copy.writeUInt32LE(value, offset)
    return copy
  }
  writeFileSync(path, damaged(28, 7))
  expect(await refusal(directory)).toBe(`${path} has LMDB's data version 7, not 2`)
  writeFileSync(path, damaged(48, 12345))
  expect(await refusal(directory)).toBe(`${path} has pages of 12345 bytes`)
  writeFileSync(path, damaged(pageSize + 24, 0))
  expect(await refusal(directory)).toBe(`${path} is not a store file`)
  writeFileSync(path, bytes)
  await (await open(directory)).close()
})

test('a file that has been cut anywhere is refused, or whole without what was cut', async () => {
  const { directory, path, bytes } = await makeStore()
  const pageSize = bytes.readUInt32LE(48)
  let smallest = bytes.length
  for (let size = bytes.length - pageSize; size > 0; size -= pageSize * 7) {
    writeFileSync(path, bytes.subarray(0, size))
    try {
      checkFile(path)
      smallest = size
    } catch (error) {
      expect(error).toBeInstanceOf(StorageCorruptError)
      expect(error).toMatchObject({ message: `${path} is truncated` })
    }
  }
  writeFileSync(path, bytes.subarray(0, smallest))
  const storage = await open(directory)
  expect(await dump(storage)).toHaveLength(401)
  expect(await dump(storage, '', 500)).toHaveLength(400)
  await storage.close()
})

test('a file whose last pages are free may be shorter than LMDB says', async () => {
  const directory = temporaryDirectory()
  const path = join(directory, 'store.lmdb')
  const storage = await open(directory)
  await put(storage, '/a', '1')
  const before = statSync(path).size
  await put(storage, '/large', 'x'.repeat(1_000_000))
  await storage.commit([{ type: 'delete', key: '/large' }])
  await storage.compact(4)
  // Twice, so that LMDB may use the freed pages for what it still writes.
  await put(storage, '/a', '2')
  await put(storage, '/a', '3')
  await storage.close()
  copyFileSync(path, `${path}.whole`)
  let free = 0
  for (let size = statSync(path).size; size >= before; size -= 16384) {
    truncateSync(path, size)
    try {
      checkFile(path)
      free++
    } catch {
      break
    }
  }
  copyFileSync(`${path}.whole`, path)
  truncateSync(path, statSync(path).size - (free - 1) * 16384)
  expect(free).toBeGreaterThan(1)
  const again = await open(directory)
  expect(await dump(again)).toEqual(['/a=3'])
  await put(again, '/large', 'y'.repeat(500_000))
  expect((await again.get('/large'))?.value.length).toBe(500_000)
  await again.close()
})

test('a store of another format is refused', async () => {
  const { directory, path } = await makeStore()
  const { root, meta } = openEnvironment(path, 2 ** 30)
  root.transactionSync(() => meta.putSync('format', Buffer.from('timonel store 9')))
  await root.close()
  expect(await refusal(directory)).toBe(
    `${path} has the format "timonel store 9", but this version reads "timonel store 1"`,
  )
})
