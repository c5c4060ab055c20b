import type { Authentication, MaybePromise } from '../authenticator.ts'

/** Finds out whose a bearer token is. `undefined`: none of its tokens. Throws AuthenticationError for one of its own that is wrong. */
export interface TokenAuthenticator {
  /** `audiences`: at least one of them must be the token's, where it has any. */
  authenticateToken(token: string, audiences: readonly string[]): MaybePromise<Authentication | undefined>
}
