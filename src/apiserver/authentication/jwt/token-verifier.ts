import { goQuote } from '../../../apimachinery/go-text.ts'
import type { Host } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import type { VerifyJws } from '../../../base/signature.ts'
import { sleep } from '../../../base/sleep.ts'
import type { OutsideCaller } from '../../outside/outside-caller.ts'
import { AuthenticationError } from '../authentication-error.ts'
import { type Claims, checkAlgorithm, checkClaims, parseIdToken } from './id-token.ts'
import { keysUrlOf } from './provider.ts'
import { RemoteKeys } from './remote-keys.ts'

export interface TokenVerifierOptions {
  readonly host: Host
  readonly logger: Logger
  readonly caller: OutsideCaller
  readonly verify: VerifyJws
  readonly issuer: string
  readonly discoveryUrl: string | undefined
  readonly audiences: readonly string[]
  readonly algorithms: readonly string[]
  readonly fetched: (keySet: string | undefined) => void
}

/** Until the issuer has been found. */
const retryMs = 10_000

/** Verifies tokens of one issuer, which it looks for until it is there: issuers may run on the cluster itself. */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions
  #keys: RemoteKeys | undefined
  #failure: Error

  constructor(options: TokenVerifierOptions) {
    this.#options = options
    this.#failure = new Error(`oidc: authenticator for issuer ${goQuote(options.issuer)} is not initialized`)
  }

  /** Why it cannot verify yet, undefined where it can. */
  get failure(): Error | undefined {
    return this.#keys === undefined ? this.#failure : undefined
  }

  /** Looks for the issuer. Resolves when it is found, or `signal` aborts. */
  async start(signal: AbortSignal): Promise<void> {
    const { host, logger, caller, issuer, discoveryUrl, verify, fetched } = this.#options
    while (!signal.aborted && this.#keys === undefined) {
      try {
        const url = await keysUrlOf(host, caller, issuer, discoveryUrl)
        this.#keys = new RemoteKeys({ host, caller, url, verify, fetched })
      } catch (error) {
        this.#failure = error instanceof Error ? error : new Error(String(error))
        logger.error('oidc authenticator: initializing plugin', { issuer, error })
        await sleep(host, retryMs, signal)
      }
    }
  }

  /** Throws AuthenticationError. */
  async verify(text: string): Promise<Claims> {
    if (this.#keys === undefined) throw new AuthenticationError('oidc: authenticator not initialized')
    const { algorithms, issuer, audiences, host } = this.#options
    const token = parseIdToken(text)
    checkAlgorithm(token, algorithms)
    await this.#keys.check(token)
    checkClaims(token, issuer, audiences, host.now())
    return token.payload
  }
}
