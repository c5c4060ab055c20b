import { goQuote } from '../../../apimachinery/go-text.ts'
import type { Host } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import type { VerifyJws } from '../../../base/signature.ts'
import type { Authentication } from '../../authenticator.ts'
import type { OpenCaller, OutsideCaller } from '../../outside/outside-caller.ts'
import { parseToken } from '../jwt.ts'
import type { TokenAuthenticator } from '../token-authenticator.ts'
import { userOfClaims } from './claims-user.ts'
import { type ClaimEndpoints, expandClaim } from './distributed-claims.ts'
import { type Claims, untrustedIssuer } from './id-token.ts'
import type { JwtMetrics } from './jwt-metrics.ts'
import type { JwtSettings } from './jwt-settings.ts'
import { askIssuer } from './remote-keys.ts'
import { TokenVerifier } from './token-verifier.ts'

export interface JwtAuthenticatorOptions {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: JwtMetrics
  readonly open: OpenCaller
  readonly verify: VerifyJws
  readonly settings: JwtSettings
}

/** Other issuers that claims of this one's tokens may point to. */
const maxOtherIssuers = 16

/** Tokens of an OpenID Connect issuer (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#openid-connect-tokens). */
export class JwtAuthenticator implements TokenAuthenticator {
  readonly #options: JwtAuthenticatorOptions
  readonly #caller: OutsideCaller
  readonly #verifier: TokenVerifier
  readonly #others = new Map<string, TokenVerifier>()
  readonly #ended = new AbortController()
  readonly #issuerHash: string

  constructor(options: JwtAuthenticatorOptions) {
    this.#options = options
    const { settings, metrics, open } = options
    const { certificateAuthority, issuerUrl, discoveryUrl } = settings
    this.#caller = open(certificateAuthority === undefined ? {} : { certificateAuthority })
    this.#issuerHash = metrics.hash(issuerUrl)
    this.#verifier = this.#verifierOf(issuerUrl, discoveryUrl)
  }

  #verifierOf(issuer: string, discoveryUrl: string | undefined): TokenVerifier {
    const { host, logger, verify, settings, metrics } = this.#options
    const { audiences, algorithms } = settings
    const fetched = (keySet: string | undefined): void => {
      if (!this.#ended.signal.aborted) metrics.fetched(this.#issuerHash, keySet)
    }
    const caller = this.#caller
    return new TokenVerifier({
      ...{ host, logger, caller, verify, issuer, discoveryUrl, audiences, algorithms, fetched },
    })
  }

  /** Looks for the issuer; resolves when it is found, or the authenticator stopped. */
  start(): Promise<void> {
    return this.#verifier.start(this.#ended.signal)
  }

  stop(): void {
    this.#ended.abort()
    this.#caller.close()
  }

  /** Why no token can be verified yet, undefined where they can. */
  get failure(): Error | undefined {
    const { failure } = this.#verifier
    if (failure === undefined) return undefined
    const issuer = goQuote(this.#options.settings.issuerUrl)
    return new Error(`oidc: authenticator for issuer ${issuer} is not healthy: ${failure.message}`)
  }

  authenticateToken(token: string): Promise<Authentication> | undefined {
    const parsed = parseToken(token)
    if (parsed === undefined || untrustedIssuer(parsed) !== this.#options.settings.issuerUrl) return undefined
    return this.#authenticate(token)
  }

  async #authenticate(token: string): Promise<Authentication> {
    const { host, metrics, settings } = this.#options
    const startedMs = host.monotonicMs()
    try {
      const claims = await this.#expanded(await this.#verifier.verify(token))
      const user = userOfClaims(settings, claims)
      metrics.authenticated('success', this.#issuerHash, startedMs)
      return { user }
    } catch (error) {
      metrics.authenticated('failure', this.#issuerHash, startedMs)
      throw error
    }
  }

  #expanded(claims: Claims): Claims | Promise<Claims> {
    const { groups } = this.#options.settings
    if (groups === undefined || !('claim' in groups) || claims._claim_names === undefined) return claims
    return expandClaim(claims, groups.claim, this.#endpoints)
  }

  readonly #endpoints: ClaimEndpoints = {
    fetch: async (url, accessToken) => {
      const { status, text } = await askIssuer(this.#options.host, this.#caller, url, accessToken)
      if (status < 200 || status > 226)
        throw new Error(`error while getting distributed claim JWT: ${status}`)
      return text
    },
    verify: (issuer, token) => {
      const verifier = this.#others.get(issuer) ?? this.#addOther(issuer)
      if (verifier.failure !== undefined)
        throw new Error(`verifier not initialized for issuer: ${goQuote(issuer)}`)
      return verifier.verify(token)
    },
  }

  #addOther(issuer: string): TokenVerifier {
    if (this.#others.size >= maxOtherIssuers) throw new Error('there are too many issuers of claims')
    const verifier = this.#verifierOf(issuer, undefined)
    this.#others.set(issuer, verifier)
    void this.#options.host.track(verifier.start(this.#ended.signal))
    return verifier
  }
}
