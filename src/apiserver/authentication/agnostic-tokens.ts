import type { Authentication, MaybePromise } from '../authenticator.ts'
import type { TokenAuthenticator } from './token-authenticator.ts'

/** Tokens that say nothing of audiences are for the server's own: whoever asks for others alone is told of none. */
export class AgnosticTokens implements TokenAuthenticator {
  readonly #inner: TokenAuthenticator
  readonly #own: readonly string[]

  constructor(inner: TokenAuthenticator, own: readonly string[]) {
    this.#inner = inner
    this.#own = own
  }

  authenticateToken(token: string, audiences: readonly string[]): MaybePromise<Authentication | undefined> {
    const common = this.#own.filter((audience) => audiences.includes(audience))
    if (common.length === 0) return undefined
    const found = this.#inner.authenticateToken(token, audiences)
    const named = (known: Authentication | undefined): Authentication | undefined =>
      known === undefined ? undefined : { ...known, audiences: common }
    return found instanceof Promise ? found.then(named) : named(found)
  }
}
