import { messageOf } from '../../base/message-of.ts'

/** What a manager has saved cannot be read: whoever operates the node has to drain it and delete the file. */
export class RestoreError extends Error {
  override readonly name = 'RestoreError'
}

/** The saved state, or `empty` where there is none. Throws RestoreError. */
export function restored<T>(text: string | undefined, empty: T, parse: (text: string) => T): T {
  if (text === undefined) return empty
  try {
    return parse(text)
  } catch (error) {
    throw new RestoreError(messageOf(error))
  }
}
