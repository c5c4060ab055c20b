import { unauthorized } from '../../apimachinery/status-error.ts'
import type { Logger } from '../../base/logger.ts'
import type { Authentication, Authenticator, MaybePromise } from '../authenticator.ts'
import type { ServerRequest } from '../request.ts'
import { AuthenticationError } from './authentication-error.ts'
import { bearerToken } from './bearer-token.ts'
import type { ClientCertificateAuthenticator } from './client-certificate.ts'
import type { FrontProxyAuthenticator } from './front-proxy.ts'
import { noteAuthentication } from './note-authentication.ts'
import type { TokenChain } from './token-chain.ts'
import { anonymousUser, unauthenticatedGroup } from './users.ts'

export interface RequestAuthenticatorOptions {
  readonly logger: Logger
  /** Believes front proxies; absent: nobody speaks for others. */
  readonly frontProxy?: FrontProxyAuthenticator
  readonly certificates: ClientCertificateAuthenticator
  readonly tokens: TokenChain
  /** The server's own audiences. */
  readonly audiences: readonly string[]
  readonly anonymous: AnonymousAccess
}

/** Which requests without a credential are `system:anonymous`. */
export interface AnonymousAccess {
  readonly enabled: boolean
  /** Absent: all. */
  readonly paths?: ReadonlySet<string>
}

/**
 * All ways to say who one is, in upstream's order. A wrong credential does not end it as long as another one is
 * right, but it never passes as anonymous.
 */
export class RequestAuthenticator implements Authenticator {
  readonly name = 'union'
  readonly #options: RequestAuthenticatorOptions
  /** By what the connection's client has shown. */
  readonly #byConnection: readonly (FrontProxyAuthenticator | ClientCertificateAuthenticator)[]
  readonly #anonymous: Authentication = { user: { name: anonymousUser, groups: [unauthenticatedGroup] } }

  constructor(options: RequestAuthenticatorOptions) {
    this.#options = options
    const { frontProxy, certificates } = options
    this.#byConnection = frontProxy === undefined ? [certificates] : [frontProxy, certificates]
  }

  authenticate(request: ServerRequest): MaybePromise<Authentication | undefined> {
    const own = request.source.connection.user
    if (own !== undefined) return { user: own }
    let failure: AuthenticationError | undefined
    for (const authenticator of this.#byConnection) {
      try {
        const found = authenticator.authenticate(request)
        if (found !== undefined) return found
      } catch (error) {
        if (!(error instanceof AuthenticationError)) throw error
        failure ??= error
      }
    }
    let token: string | undefined
    try {
      token = bearerToken(request)
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error
      failure ??= error
    }
    if (token !== undefined) return this.#byToken(request, token, failure)
    if (failure !== undefined) throw this.#refused(failure)
    return this.#mayBeNobody(request) ? this.#anonymous : undefined
  }

  #mayBeNobody({ path }: ServerRequest): boolean {
    const { enabled, paths } = this.#options.anonymous
    return enabled && (paths === undefined || paths.has(path))
  }

  async #byToken(
    request: ServerRequest,
    token: string,
    failure: AuthenticationError | undefined,
  ): Promise<Authentication> {
    try {
      const found = await this.#options.tokens.authenticate(token, this.#options.audiences)
      noteAuthentication(request, found)
      return found
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error
      throw this.#refused(failure ?? error)
    }
  }

  #refused(error: AuthenticationError): Error {
    this.#options.logger.debug('a request is not authenticated', { reason: error.message })
    return unauthorized()
  }
}
