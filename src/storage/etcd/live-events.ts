import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { sleep } from '../../base/sleep.ts'
import { type Batch, CompactedError, type StorageError } from '../storage.ts'
import type { EtcdConnection } from './etcd-connection.ts'
import { followEvents } from './event-stream.ts'

const retryMs = 100

export interface LiveEventsOptions {
  readonly host: Host
  readonly logger: Logger
  readonly connection: EtcdConnection
  /** What comes after this revision is told. */
  readonly after: number
  /** Every revision since the last call, without gaps. */
  readonly batches: (batches: readonly Batch[]) => void
  /** What comes next is forgotten already; resolves to the revision to go on after. */
  readonly lost: (error: CompactedError) => Promise<number>
}

/** Follows the store for as long as `signal` lets it, over broken connections, each revision once. */
export async function runLiveEvents(options: LiveEventsOptions, signal: AbortSignal): Promise<void> {
  const { host, logger, connection } = options
  let position = options.after
  const take = (batches: readonly Batch[]): void => {
    const fresh = batches.filter(({ revision }) => revision > position)
    position = fresh.at(-1)?.revision ?? position
    if (fresh.length > 0) options.batches(fresh)
  }
  let connected = true
  while (!signal.aborted) {
    const ended = Promise.withResolvers<StorageError | undefined>()
    const stop = followEvents(connection, position + 1, { batches: take, ended: ended.resolve })
    const end = (): void => {
      stop()
      ended.resolve(undefined)
    }
    signal.addEventListener('abort', end, { once: true })
    const error = await ended.promise
    signal.removeEventListener('abort', end)
    if (error === undefined) return
    try {
      if (connected) logger.warn('the watch over etcd has ended and starts again', { error })
      connected = false
      if (error instanceof CompactedError) position = await options.lost(error)
    } catch (failure) {
      logger.warn('etcd does not answer', { error: failure })
    }
    await sleep(host, retryMs, signal)
  }
}
