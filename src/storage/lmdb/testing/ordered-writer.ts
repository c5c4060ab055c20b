/**
 * Commits one write after another, for a test that looks at the system calls: `ordered-writer.ts DIRECTORY COUNT`.
 * Says `start N` before each commit, then `acknowledged N`, `read N` and `watched N` as soon as that is so: a
 * reader asks in every turn of the event loop.
 */
import { realHost } from '../../../base/host/real-host.ts'
import { GuardFailedError } from '../../storage.ts'
import { openLmdbStorage } from '../lmdb-storage.ts'
import { say } from './say.ts'

const [directory = '', count = ''] = process.argv.slice(2)
const key = '/key'

const storage = await openLmdbStorage({ directory, host: realHost })
const controller = new AbortController()
const first = await storage.currentRevision()

async function watch(): Promise<void> {
  for await (const { revision, changes } of storage.watch('', { signal: controller.signal })) {
    if (changes.length > 0) say(`watched ${revision}`)
  }
}

async function read(): Promise<void> {
  let seen = first
  while (!controller.signal.aborted) {
    const entry = await storage.get(key)
    const { revision, entries } = await storage.range('')
    for (const now of [entry?.modRevision ?? 0, entries[0]?.modRevision ?? 0, revision]) {
      if (now > seen) say(`read ${now}`)
      seen = Math.max(seen, now)
    }
    await realHost.nextTurn()
  }
}

/** A guard that fails because of a commit under way must not tell of it either. */
async function collide(revision: number): Promise<void> {
  try {
    await storage.commit([{ type: 'delete', key }], [{ key, modRevision: revision - 1 }])
  } catch (error) {
    if (!(error instanceof GuardFailedError)) throw error
    say(`read ${error.current?.modRevision ?? 0}`)
  }
}

const following = [watch(), read()]
for (let revision = first + 1; revision <= first + Number(count); revision++) {
  say(`start ${revision}`)
  const committing = storage.commit([{ type: 'put', key, value: Buffer.from(`value ${revision}`) }])
  const colliding = collide(revision)
  say(`acknowledged ${await committing}`)
  await colliding
}
controller.abort()
await Promise.all(following)
await storage.close()
