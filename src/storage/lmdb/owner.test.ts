import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { put, text } from '../testing/fixture.ts'
import { openLmdbStorage } from './lmdb-storage.ts'
import { StorageInUseError } from './owner.ts'
import { temporaryDirectory } from './testing/temporary-directory.ts'

test('a store that is open is refused a second time, and goes on', async () => {
  const directory = temporaryDirectory()
  const storage = await openLmdbStorage({ directory, host: realHost })
  const error = await openLmdbStorage({ directory, host: realHost }).catch((reason) => reason)
  expect(error).toBeInstanceOf(StorageInUseError)
  expect(error.message).toBe(`${join(directory, 'store.lmdb')} is in use by process ${process.pid}`)
  await put(storage, '/a', '1')
  expect(text((await storage.get('/a'))?.value)).toBe('1')
  await storage.close()
  const again = await openLmdbStorage({ directory, host: realHost })
  expect(await again.currentRevision()).toBe(2)
  await again.close()
})

test('a store belongs to the process that has opened it, until that is gone', async () => {
  const directory = temporaryDirectory()
  const owner = spawn(process.execPath, [join(import.meta.dirname, 'testing', 'owner.ts'), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(owner.stdout, 'data')
  await expect(openLmdbStorage({ directory, host: realHost })).rejects.toMatchObject({
    name: 'StorageInUseError',
    pid: owner.pid,
  })
  owner.kill('SIGKILL')
  await once(owner, 'close')
  const storage = await openLmdbStorage({ directory, host: realHost })
  expect(text((await storage.get('/key'))?.value)).toBe('value')
  await storage.close()
})
