import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { startCompactor } from '../../storage/compactor.ts'
import { MemoryStorage } from '../../storage/memory/memory-storage.ts'
import type { Storage } from '../../storage/storage.ts'

export interface OpenStorageOptions {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  /** Absent: in memory. */
  readonly directory?: string
  readonly quotaBackendBytes?: number
  /** Ends the compaction. */
  readonly signal: AbortSignal
}

/** Opens the store and keeps it compact. */
export async function openStorage(options: OpenStorageOptions): Promise<Storage> {
  const { host, logger, metrics, directory, signal } = options
  const quota =
    options.quotaBackendBytes === undefined ? {} : { quotaBackendBytes: options.quotaBackendBytes }
  const storage =
    directory === undefined
      ? new MemoryStorage({ host, metrics, ...quota })
      : await openLmdb(directory, { host, logger, metrics, ...quota })
  startCompactor(storage, { host, logger, signal })
  return storage
}

/** Loaded only where it is used: its native part is of no use to a cluster in memory. */
async function openLmdb(
  directory: string,
  options: { host: Host; logger: Logger; metrics: Metrics; quotaBackendBytes?: number },
): Promise<Storage> {
  const { openLmdbStorage } = await import('../../storage/lmdb/lmdb-storage.ts')
  return openLmdbStorage({ directory, ...options })
}
