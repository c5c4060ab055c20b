/**
 * Writes to a store without end, for a test that kills it: `killed-writer.ts DIRECTORY LIFE`. Says
 * `REVISION NAME` for each commit that has been acknowledged, with the name `-` for a deletion. Other commits put
 * up to three keys; each value names its commit and how many changes that has, so that a torn one shows.
 */
import { realHost } from '../../../base/host/real-host.ts'
import type { Write } from '../../storage.ts'
import { openLmdbStorage } from '../lmdb-storage.ts'
import { say } from './say.ts'

const [directory = '', life = ''] = process.argv.slice(2)
const writers = 16
const keys = 40

const storage = await openLmdbStorage({ directory, host: realHost })
// What the life before left behind is forgotten while this one writes.
const compaction = storage.compact(await storage.currentRevision())

let sequence = 0
const pick = (count: number): number => Math.floor(realHost.random() * count)

function makePuts(name: string): readonly Write[] {
  const chosen = new Set([pick(keys), pick(keys), pick(keys)])
  const value = Buffer.from(`${name} ${chosen.size} ${'x'.repeat(pick(3000))}`)
  return [...chosen].map((key) => ({ type: 'put', key: `/k/${key}`, value }))
}

async function write(): Promise<void> {
  for (;;) {
    const deletes = pick(4) === 0
    const name = deletes ? '-' : `${life}.${++sequence}`
    const writes = deletes ? [{ type: 'delete', key: `/k/${pick(keys)}` } as const] : makePuts(name)
    say(`${await storage.commit(writes)} ${name}`)
  }
}

await Promise.all([compaction, ...Array.from({ length: writers }, write)])
