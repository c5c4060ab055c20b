import type { authentication } from '../../api/generated/types/index.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { VirtualResource } from '../endpoint.ts'
import type { ServerRequest, UserInfo } from '../request.ts'
import { AuthenticationError } from './authentication-error.ts'
import { noteAuthentication } from './note-authentication.ts'
import type { TokenChain } from './token-chain.ts'

/** A user as the API shows it. */
export const apiUserInfo = (user: UserInfo): authentication.v1.UserInfo => ({
  username: user.name,
  ...(user.uid === undefined || user.uid === '' ? {} : { uid: user.uid }),
  ...(user.groups.length === 0 ? {} : { groups: user.groups }),
  ...(user.extra === undefined || Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
})

/** TokenReview: whose a token is, for those who get it from others. */
export class TokenReviewResource implements VirtualResource {
  readonly group = 'authentication.k8s.io'
  readonly version = 'v1'
  readonly resource = 'tokenreviews'
  readonly #tokens: TokenChain
  readonly #audiences: readonly string[]

  /** `audiences`: the server's own, for reviews that name none. */
  constructor(tokens: TokenChain, audiences: readonly string[]) {
    this.#tokens = tokens
    this.#audiences = audiences
  }

  async create(request: ServerRequest, body: unknown): Promise<authentication.v1.TokenReview> {
    const review = body as authentication.v1.TokenReview
    const { token = '', audiences = [] } = review.spec ?? {}
    if (token === '') throw badRequest('token is required for TokenReview in authentication')
    const { authenticated: _sent, ...sent } = review.status ?? {}
    return {
      ...review,
      status: {
        // Upstream overwrites what was sent, where it has something to say.
        user: {},
        ...sent,
        ...(await this.#status(request, token, audiences.length > 0 ? audiences : this.#audiences)),
      },
    }
  }

  async #status(
    request: ServerRequest,
    token: string,
    audiences: readonly string[],
  ): Promise<authentication.v1.TokenReviewStatus> {
    try {
      const found = await this.#tokens.authenticate(token, audiences)
      noteAuthentication(request, found)
      return {
        authenticated: true,
        user: apiUserInfo(found.user),
        ...(found.audiences === undefined ? {} : { audiences: found.audiences }),
      }
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error
      return { error: error.message }
    }
  }
}
