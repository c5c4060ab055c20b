import { statusError } from '../../apimachinery/status-error.ts'
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
