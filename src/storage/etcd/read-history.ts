import type { Batch } from '../storage.ts'
import { filterBatch, type HistoryChunk } from '../watch-hub.ts'
import type { EtcdConnection } from './etcd-connection.ts'
import { followEvents } from './event-stream.ts'

/** Of the past that a watcher reads at once. */
const chunkRevisions = 5000
const chunkBytes = 8 * 2 ** 20

export interface HistoryQuery {
  readonly prefix: string
  readonly after: number
  /** There is something at this revision, and it is above `after`. */
  readonly until: number
}

const bytesOf = ({ changes }: Batch): number =>
  changes.reduce(
    (sum, { entry, previous }) => sum + (entry?.value.length ?? 0) + (previous?.value.length ?? 0),
    0,
  )

/** The next part of the past. Rejects with CompactedError when `after` is behind the compaction. */
export function readHistory(connection: EtcdConnection, query: HistoryQuery): Promise<HistoryChunk> {
  const { prefix, after, until } = query
  return new Promise((resolve, reject) => {
    const batches: Batch[] = []
    let bytes = 0
    // Begins one revision early: etcd lets a watch start right behind the compaction, where deletions are gone already.
    const stop = followEvents(connection, Math.max(after, 1), {
      batches: (seen) => {
        for (const batch of seen) {
          if (batch.revision <= after) continue
          const matching = filterBatch(batch, prefix)
          if (matching !== undefined) batches.push(matching)
          bytes += bytesOf(batch)
        }
        const upTo = seen.at(-1)?.revision ?? after
        if (upTo < until && upTo - after < chunkRevisions && bytes < chunkBytes) return
        stop()
        resolve({ batches, upTo: Math.max(upTo, after) })
      },
      ended: reject,
    })
  })
}
