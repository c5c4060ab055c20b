import type { ServiceError } from '@grpc/grpc-js'
import { type Batch, type Change, CompactedError, StorageError, StorageUnavailableError } from '../storage.ts'
import type { EtcdConnection } from './etcd-connection.ts'
import { etcdError } from './etcd-error.ts'
import { decodeKey, entryOf, everything } from './keys.ts'
import type { EtcdEvent, WatchResponse } from './messages.ts'

export interface EventHandlers {
  /** Whole revisions, oldest first. */
  readonly batches: (batches: readonly Batch[]) => void
  /** Once, unless the stream was stopped. */
  readonly ended: (error: StorageError) => void
}

function changeOf({ type, kv, prevKv }: EtcdEvent): Change {
  const key = decodeKey(kv.key)
  const previous = prevKv === null ? {} : { previous: entryOf(prevKv) }
  return type === 'DELETE' ? { key, ...previous } : { key, entry: entryOf(kv), ...previous }
}

/** Puts events together by revision; the last revision of a message that goes on is kept back. */
class Assembler {
  #revision = 0
  #changes: Change[] = []

  add({ events, fragment }: WatchResponse): readonly Batch[] {
    const batches: Batch[] = []
    for (const event of events) {
      const { modRevision } = event.kv
      if (modRevision !== this.#revision) {
        this.#flush(batches)
        this.#revision = modRevision
      }
      this.#changes.push(changeOf(event))
    }
    if (!fragment) this.#flush(batches)
    return batches
  }

  #flush(batches: Batch[]): void {
    if (this.#changes.length === 0) return
    batches.push({ revision: this.#revision, changes: this.#changes })
    this.#changes = []
  }
}

const cancelError = ({ compactRevision, cancelReason }: WatchResponse): StorageError =>
  compactRevision > 0
    ? new CompactedError(compactRevision)
    : new StorageError(cancelReason || 'etcd has ended the watch')

/**
 * Everything that happens in the store from `first` on, as one watch over all keys: each revision has events in it,
 * so what has been seen is known without progress notifications, which etcd before 3.4.25 sends too early. Gives
 * what ends it.
 */
export function followEvents(connection: EtcdConnection, first: number, handlers: EventHandlers): () => void {
  const call = connection.watch()
  const assembler = new Assembler()
  let over = false
  const end = (error: StorageError): void => {
    if (over) return
    over = true
    call.cancel()
    handlers.ended(error)
  }
  call.on('data', (response: WatchResponse) => {
    if (over) return
    if (response.canceled) return end(cancelError(response))
    const batches = assembler.add(response)
    if (batches.length > 0) handlers.batches(batches)
  })
  call.on('error', (error: ServiceError) => end(etcdError(error)))
  call.on('end', () => end(new StorageUnavailableError('etcd has closed the watch')))
  call.write({ createRequest: { ...everything, startRevision: first, prevKv: true, fragment: true } })
  return () => {
    over = true
    call.cancel()
  }
}
