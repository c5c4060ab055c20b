import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import type { Batch, Storage } from '../storage.ts'
import { text } from '../testing/fixture.ts'
import { openLmdbStorage } from './lmdb-storage.ts'
import { temporaryDirectory } from './testing/temporary-directory.ts'

const lives = 100
const writer = join(import.meta.dirname, 'testing', 'killed-writer.ts')

/** Starts a writer, kills it some time after its first acknowledgement; gives all of them by revision. */
async function liveAndDie(directory: string, life: number): Promise<ReadonlyMap<number, string>> {
  const child = spawn(process.execPath, [writer, directory, String(life)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), 5 + 60 * realHost.random())
    output += chunk
  })
  const [, signal] = await once(child, 'close')
  expect(signal).toBe('SIGKILL')
  // The last line may be cut.
  const lines = output.split('\n').slice(0, -1)
  return new Map(lines.map((line) => [Number(line.split(' ')[0]), line.split(' ')[1] ?? '']))
}

/** Every commit after `after`, in order. */
async function history(storage: Storage, after: number): Promise<readonly Batch[]> {
  const newest = await storage.currentRevision()
  const batches: Batch[] = []
  const { signal } = new AbortController()
  if (newest === after) return batches
  for await (const batch of storage.watch('', { after, signal })) {
    if (batch.changes.length > 0) batches.push(batch)
    if (batch.revision === newest) break
  }
  return batches
}

/** Throws unless every change belongs to a commit that is all there; gives the commits' names by revision. */
function checkWhole(batches: readonly Batch[]): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  for (const { revision, changes } of batches) {
    for (const { entry } of changes) {
      if (entry === undefined) continue
      const [name = '', count = ''] = (text(entry.value) ?? '').split(' ')
      expect(changes).toHaveLength(Number(count))
      names.set(revision, name)
    }
  }
  return names
}

test(`no acknowledged commit is lost and none is torn when the process is killed ${lives} times`, async () => {
  const directory = temporaryDirectory()
  const twin = new Map<string, string | undefined>()
  let revision = 1
  let acknowledged = 0
  for (let life = 0; life < lives; life++) {
    const told = await liveAndDie(directory, life)
    const storage = await openLmdbStorage({ directory, host: realHost })
    const newest = await storage.currentRevision()
    expect(newest).toBeGreaterThanOrEqual(Math.max(...told.keys()))
    const batches = await history(storage, revision)
    const names = checkWhole(batches)
    for (const [at, name] of told) expect(names.get(at) ?? '-').toBe(name)
    acknowledged += told.size
    for (const { changes } of batches) {
      for (const { key, entry, previous } of changes) {
        expect(text(previous?.value)).toBe(twin.get(key))
        if (entry === undefined) twin.delete(key)
        else twin.set(key, text(entry.value))
      }
    }
    const { entries } = await storage.range('')
    expect(new Map(entries.map((entry) => [entry.key, text(entry.value)]))).toEqual(twin)
    revision = newest
    await storage.close()
  }
  expect(acknowledged).toBeGreaterThan(lives)
}, 400_000)
