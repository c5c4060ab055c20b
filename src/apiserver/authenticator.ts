import type { ServerRequest, UserInfo } from './request.ts'

export type MaybePromise<T> = T | Promise<T>

export interface Authentication {
  readonly user: UserInfo
  /** Which of the server's audiences the credential is for; absent: it has none. */
  readonly audiences?: readonly string[]
  /** Names, in lower case, of the headers that it was read from, where those are not Authorization. */
  readonly headers?: readonly string[]
  /** For auditors of a request that it is used for. */
  readonly annotations?: Readonly<Record<string, string>>
  /** For its client. */
  readonly warnings?: readonly string[]
}

/**
 * Finds out who asks. `undefined`: no credential of this kind, the next one is asked. Throws StatusError
 * Unauthorized for a credential that is wrong. Asked in the order of the list; the first answer counts.
 */
export interface Authenticator {
  readonly name: string
  authenticate(request: ServerRequest): MaybePromise<Authentication | undefined>
}
