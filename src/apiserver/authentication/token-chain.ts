import type { Authentication } from '../authenticator.ts'
import { AuthenticationError } from './authentication-error.ts'
import { withAuthenticatedGroup } from './groups.ts'
import type { TokenAuthenticator } from './token-authenticator.ts'

/** Asks several token authenticators in turn; what one refuses another may accept. Throws when none does. */
export class TokenChain {
  readonly #authenticators: readonly TokenAuthenticator[]

  constructor(authenticators: readonly TokenAuthenticator[]) {
    this.#authenticators = authenticators
  }

  async authenticate(token: string, audiences: readonly string[]): Promise<Authentication> {
    const errors = ['invalid bearer token']
    for (const authenticator of this.#authenticators) {
      try {
        const found = await authenticator.authenticateToken(token, audiences)
        if (found !== undefined) return { ...found, user: withAuthenticatedGroup(found.user) }
      } catch (error) {
        if (!(error instanceof AuthenticationError)) throw error
        errors.push(error.message)
      }
    }
    throw new AuthenticationError(errors.length === 1 ? String(errors[0]) : `[${errors.join(', ')}]`)
  }
}
