import { type Subject, statusError } from '../../apimachinery/status-error.ts'
import { GuardFailedError, StorageError, StorageTimeoutError } from '../../storage/storage.ts'

export { GuardFailedError }

/** What a store's error is to a client: upstream passes its text on. Anything else is thrown as it is. */
export function fromStorageError(error: unknown): unknown {
  if (error instanceof StorageTimeoutError)
    return statusError(
      'Timeout',
      `Timeout: request did not complete within requested timeout - ${error.message}`,
    )
  return error instanceof StorageError ? statusError('', error.message) : error
}

/** The store cannot finish now; upstream's text and its two seconds. */
export const serverTimeout = (subject: Subject, operation: string): Error =>
  statusError(
    'ServerTimeout',
    `The ${operation} operation against ${subject.group === '' ? subject.resource : `${subject.resource}.${subject.group}`} could not be completed at this time, please try again.`,
    {
      name: operation,
      ...(subject.group === '' ? {} : { group: subject.group }),
      kind: subject.resource,
      retryAfterSeconds: 2,
    },
  )
