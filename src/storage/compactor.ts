import type { Host, Timer } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Storage } from './storage.ts'

/** Of kube-apiserver's `--etcd-compaction-interval`. */
export const defaultCompactionIntervalMs = 5 * 60_000

export interface CompactorOptions {
  readonly host: Host
  readonly logger: Logger
  /** 0 turns compaction off; five minutes when absent. */
  readonly intervalMs?: number
  readonly signal: AbortSignal
}

/**
 * Compacts a store for as long as `signal` lets it, as upstream does: each interval to the revision that was the
 * newest one interval ago, so that watches and paged lists have at least that long.
 */
export function startCompactor(storage: Storage, options: CompactorOptions): void {
  const { host, logger, signal, intervalMs = defaultCompactionIntervalMs } = options
  if (intervalMs === 0 || signal.aborted) return
  let timer: Timer | undefined
  let lastRevision = 0

  const compact = async (): Promise<void> => {
    try {
      const revision = await storage.currentRevision()
      if (lastRevision > 0) await storage.compact(lastRevision)
      lastRevision = revision
    } catch (error) {
      if (!signal.aborted) logger.warn('the store could not be compacted', { error })
    }
    arm()
  }
  const arm = (): void => {
    if (signal.aborted) return
    timer = host.schedule(intervalMs, () => void host.track(compact()))
  }

  signal.addEventListener('abort', () => timer?.cancel(), { once: true })
  void host.track(compact())
}
