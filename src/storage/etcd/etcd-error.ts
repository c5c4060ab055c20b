import { type ServiceError, status } from '@grpc/grpc-js'
import { QuotaExceededError, StorageError, StorageTimeoutError, StorageUnavailableError } from '../storage.ts'

/** etcd's own texts (`api/v3rpc/rpctypes`), of errors that mean something to the caller. */
export const compactedText = 'etcdserver: mvcc: required revision has been compacted'
export const futureText = 'etcdserver: mvcc: required revision is a future revision'
export const leaseNotFoundText = 'etcdserver: requested lease not found'
const quotaText = 'etcdserver: mvcc: database space exceeded'

/** As Go's gRPC names its codes. */
const codeNames: Readonly<Record<number, string>> = {
  [status.CANCELLED]: 'Canceled',
  [status.INVALID_ARGUMENT]: 'InvalidArgument',
  [status.PERMISSION_DENIED]: 'PermissionDenied',
  [status.RESOURCE_EXHAUSTED]: 'ResourceExhausted',
  [status.UNIMPLEMENTED]: 'Unimplemented',
  [status.INTERNAL]: 'Internal',
  [status.UNAVAILABLE]: 'Unavailable',
  [status.UNAUTHENTICATED]: 'Unauthenticated',
}

/** etcd's text as it is, as upstream's client shows it; what comes from the connection with its code. */
function messageOf({ code, details }: ServiceError): string {
  if (details.startsWith('etcdserver: ')) return details
  return `rpc error: code = ${codeNames[code] ?? 'Unknown'} desc = ${details}`
}

/** A failed call as the contract's error. */
export function etcdError(error: ServiceError): StorageError {
  if (error.details === quotaText) return new QuotaExceededError()
  if (error.code === status.DEADLINE_EXCEEDED) return new StorageTimeoutError('context deadline exceeded')
  if (error.code === status.UNAVAILABLE) return new StorageUnavailableError(messageOf(error))
  return new StorageError(messageOf(error))
}
