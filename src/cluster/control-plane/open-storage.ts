import { defined } from '../../base/defined.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { startCompactor } from '../../storage/compactor.ts'
import type { EtcdServers } from '../../storage/etcd/etcd-connection.ts'
import type { LmdbStorageOptions } from '../../storage/lmdb/lmdb-storage.ts'
import { MemoryStorage } from '../../storage/memory/memory-storage.ts'
import type { Storage } from '../../storage/storage.ts'
import { TransformedStorage, type ValueTransformer } from '../../storage/transformed-storage.ts'

/** Where objects are kept. */
export type StoragePlace =
  | { readonly type: 'memory' }
  | { readonly type: 'lmdb'; readonly directory: string; readonly unsynced?: boolean }
  | { readonly type: 'etcd'; readonly servers: EtcdServers }

export interface OpenStorageOptions {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly place: StoragePlace
  /** Of a store in this process. */
  readonly quotaBackendBytes?: number | undefined
  /** 0: the store is not compacted; five minutes where absent. */
  readonly compactionIntervalMs?: number | undefined
  /** Ends the compaction. */
  readonly signal: AbortSignal
  /** What values look like there; as they are where absent. */
  readonly transformer?: ValueTransformer | undefined
}

export interface OpenedStorage {
  readonly storage: Storage
  /** Other servers may write to it, too. */
  readonly shared: boolean
  /** Throws what is wrong with it, after `timeoutMs` at the latest. */
  probe(timeoutMs: number): Promise<void>
}

/** Opens the store and keeps it compact. */
export async function openStorage(options: OpenStorageOptions): Promise<OpenedStorage> {
  const { host, logger, metrics, place, signal } = options
  const compaction = defined({ host, logger, signal, intervalMs: options.compactionIntervalMs })
  if (place.type === 'etcd') {
    const [{ openEtcdStorage }, { startEtcdCompactor }] = await Promise.all([
      import('../../storage/etcd/etcd-storage.ts'),
      import('../../storage/etcd/etcd-compactor.ts'),
    ])
    const storage = await openEtcdStorage({ host, logger, servers: place.servers })
    startEtcdCompactor(storage, compaction)
    return {
      storage: transformed(storage, options),
      shared: true,
      probe: (timeoutMs) => storage.probe(timeoutMs),
    }
  }
  const settings = defined({ host, metrics, quotaBackendBytes: options.quotaBackendBytes })
  const storage =
    place.type === 'memory'
      ? new MemoryStorage(settings)
      : await openLmdb({ ...settings, logger, directory: place.directory, unsynced: place.unsynced ?? false })
  startCompactor(storage, compaction)
  return {
    storage: transformed(storage, options),
    shared: false,
    probe: async () => {
      await storage.currentRevision()
    },
  }
}

const transformed = (storage: Storage, { transformer }: OpenStorageOptions): Storage =>
  transformer === undefined ? storage : new TransformedStorage(storage, transformer)

/** Loaded only where it is used: its native part is of no use to a cluster in memory. */
async function openLmdb(options: LmdbStorageOptions): Promise<Storage> {
  const { openLmdbStorage } = await import('../../storage/lmdb/lmdb-storage.ts')
  return openLmdbStorage(options)
}
