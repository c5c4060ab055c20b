import { ObjectTooLargeError } from '../../storage/storage.ts'

/** What etcd takes at most (`--max-request-bytes`), and what its client sends at most. */
const maxRequestBytes = 1.5 * 2 ** 20
const maxMessageBytes = 2 * 2 ** 20

/** Throws ObjectTooLargeError, in the words that upstream passes on, for an encoded object that no store is asked to keep. */
export function checkObjectSize(bytes: number): void {
  if (bytes <= maxRequestBytes) return
  throw new ObjectTooLargeError(
    bytes <= maxMessageBytes
      ? 'etcdserver: request is too large'
      : `rpc error: code = ResourceExhausted desc = trying to send message larger than max (${bytes} vs. ${maxMessageBytes})`,
  )
}
