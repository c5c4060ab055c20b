import { AnswerCache } from '../../base/answer-cache.ts'
import { encodeBase64 } from '../../base/base64.ts'
import { hmacSha256 } from '../../base/hmac.ts'
import type { Host } from '../../base/host.ts'
import type { Authentication } from '../authenticator.ts'
import type { TokenAuthenticator } from './token-authenticator.ts'

export interface CachedTokensOptions {
  readonly host: Host
  readonly tokens: TokenAuthenticator
  /** Of a token that is somebody's; 0: asked each time. */
  readonly successLifeMs: number
  /** Of one that is nobody's. Errors are never kept. */
  readonly failureLifeMs: number
}

/** Upstream's number. */
const maxTokens = 32 * 1024
const keyBytes = 32

/** Remembers whose tokens are. Tokens themselves are not kept, only what a secret key makes of them. */
export class CachedTokens implements TokenAuthenticator {
  readonly #options: CachedTokensOptions
  readonly #key: Uint8Array
  readonly #known: AnswerCache<Authentication | undefined>

  constructor(options: CachedTokensOptions) {
    this.#options = options
    this.#key = options.host.randomBytes(keyBytes)
    this.#known = new AnswerCache(options.host, maxTokens)
  }

  authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication | undefined> {
    const { host, tokens, successLifeMs, failureLifeMs } = this.#options
    const asked = new TextEncoder().encode(JSON.stringify([token, ...audiences]))
    return this.#known.get(
      encodeBase64(hmacSha256(host, this.#key, asked)),
      async () => tokens.authenticateToken(token, audiences),
      (found) => (found === undefined ? failureLifeMs : successLifeMs),
    )
  }
}
