import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { defaultCompactionIntervalMs } from '../compactor.ts'
import type { EtcdStorage } from './etcd-storage.ts'
import { decodeKey, encodeKey } from './keys.ts'
import type { TxnResponse } from './messages.ts'

export interface EtcdCompactorOptions {
  readonly host: Host
  readonly logger: Logger
  /** 0 turns compaction off; five minutes when absent. */
  readonly intervalMs?: number
  readonly signal: AbortSignal
}

/** Upstream's, so that its servers and ours take turns on one etcd. */
const turnKey = encodeKey('compact_rev_key')

/** What one server knows: how many turns have been taken by anyone, and the revision at its last look. */
export interface CompactorState {
  readonly turns: number
  readonly revision: number
}

/**
 * One look, as upstream's: whoever knows the number of turns takes the next one and compacts to the revision of its
 * last look; everyone else learns the number. So one of several servers compacts in each interval, and what is
 * younger than an interval is kept.
 */
export async function compactOnce(storage: EtcdStorage, state: CompactorState): Promise<CompactorState> {
  const value = encodeKey(String(state.revision))
  const { succeeded, header, responses } = await storage.connection.write<TxnResponse>(
    'etcdserverpb.KV',
    'Txn',
    {
      compare: [{ target: 'VERSION', result: 'EQUAL', key: turnKey, version: state.turns }],
      success: [{ requestPut: { key: turnKey, value } }],
      failure: [{ requestRange: { key: turnKey } }],
    },
  )
  const { revision } = header
  if (!succeeded) {
    const taken = responses[0]?.responseRange?.kvs[0]
    // Others have compacted as far as they say: watches of ours from before fail at once and not in the middle.
    if (taken !== undefined) storage.noteCompaction(Number(decodeKey(taken.value)))
    return { turns: taken?.version ?? 0, revision }
  }
  if (state.revision > 0) await storage.compact(state.revision)
  return { turns: state.turns + 1, revision }
}

/** Compacts etcd for as long as `signal` lets it, in turns with the other servers. */
export function startEtcdCompactor(storage: EtcdStorage, options: EtcdCompactorOptions): void {
  const { host, logger, signal, intervalMs = defaultCompactionIntervalMs } = options
  if (intervalMs === 0 || signal.aborted) return
  let state: CompactorState = { turns: 0, revision: 0 }
  let timer: Timer | undefined
  const look = async (): Promise<void> => {
    try {
      state = await compactOnce(storage, state)
    } catch (error) {
      if (!signal.aborted) logger.warn('etcd could not be compacted', { error })
    }
    arm()
  }
  const arm = (): void => {
    if (!signal.aborted) timer = host.schedule(intervalMs, () => void host.track(look()))
  }
  signal.addEventListener('abort', () => timer?.cancel(), { once: true })
  arm()
}
