import { createHash } from 'node:crypto'
import { AuthenticationError } from '../../apiserver/authentication/authentication-error.ts'
import { bearerToken } from '../../apiserver/authentication/bearer-token.ts'
import { ClientCertificateAuthenticator } from '../../apiserver/authentication/client-certificate.ts'
import { FrontProxyAuthenticator, type FrontProxyTrust } from '../../apiserver/authentication/front-proxy.ts'
import type { ServerRequest, UserInfo } from '../../apiserver/request.ts'
import { AnswerCache } from '../../base/answer-cache.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { Client } from '../../client/client.ts'
import { reviewAccess, reviewToken } from './reviews.ts'

export interface ComponentAccessOptions {
  /** Asked who a token's user is; absent: nobody is known. */
  readonly authentication?: Client | undefined
  /** Asked what a user may; absent: nothing. */
  readonly authorization?: Client | undefined
  /** Need no permission; a `*` at the end stands for anything. */
  readonly openPaths: readonly string[]
  /** How long answers count, in milliseconds. */
  readonly tokenLifeMs: number
  readonly allowedLifeMs: number
  readonly deniedLifeMs: number
}

const anonymous: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }
/** Upstream remembers so many answers. */
const maxAnswers = 8192

/** Whether a pattern, which may end with `*`, means the path. */
export const covers = (pattern: string, path: string): boolean =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern

/** Who asks a component's server and what they may see there, as upstream's delegated authentication and authorization. */
export class ComponentAccess {
  readonly #options: ComponentAccessOptions
  readonly #certificates = new ClientCertificateAuthenticator(realHost)
  readonly #tokens = new AnswerCache<UserInfo | undefined>(realHost, maxAnswers)
  readonly #answers = new AnswerCache<boolean>(realHost, maxAnswers)
  #frontProxy: FrontProxyAuthenticator | undefined

  constructor(options: ComponentAccessOptions) {
    this.#options = options
  }

  /** Which proxy speaks for others from now on. */
  trust(frontProxy: FrontProxyTrust | undefined): void {
    this.#frontProxy = frontProxy === undefined ? undefined : new FrontProxyAuthenticator(frontProxy)
  }

  isOpen(path: string): boolean {
    return this.#options.openPaths.some((open) => covers(open, path))
  }

  /** Throws AuthenticationError for a credential that is wrong. */
  async userOf(request: ServerRequest): Promise<UserInfo> {
    const shown = this.#frontProxy?.authenticate(request) ?? this.#certificates.authenticate(request)
    if (shown !== undefined) return shown.user
    const token = bearerToken(request)
    if (token === undefined) return anonymous
    const user = await this.#userOfToken(token)
    if (user === undefined) throw new AuthenticationError('the token is unknown')
    return user
  }

  async #userOfToken(token: string): Promise<UserInfo | undefined> {
    const { authentication, tokenLifeMs } = this.#options
    if (authentication === undefined) return undefined
    // Tokens themselves are not kept.
    const key = createHash('sha256').update(token).digest('base64')
    return this.#tokens.get(
      key,
      () => reviewToken(authentication, token),
      () => tokenLifeMs,
    )
  }

  async mayDo(user: UserInfo, path: string, verb: string): Promise<boolean> {
    if (user.groups.includes('system:masters')) return true
    const { authorization, allowedLifeMs, deniedLifeMs } = this.#options
    if (authorization === undefined) return false
    return this.#answers.get(
      JSON.stringify([user, verb, path]),
      () => reviewAccess(authorization, user, { nonResourceAttributes: { path, verb } }),
      (allowed) => (allowed ? allowedLifeMs : deniedLifeMs),
    )
  }
}
