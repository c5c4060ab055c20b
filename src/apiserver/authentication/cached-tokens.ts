import { AnswerCache } from '../../base/answer-cache.ts'
import { encodeBase64 } from '../../base/base64.ts'
import { hmacSha256 } from '../../base/hmac.ts'
import type { Host } from '../../base/host.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Authentication } from '../authenticator.ts'
import { TokenCacheMetrics } from '../metrics/token-cache-metrics.ts'
import type { TokenAuthenticator } from './token-authenticator.ts'

export interface CachedTokensOptions {
  readonly host: Host
  readonly metrics: Metrics
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
  readonly #metrics: TokenCacheMetrics

  constructor(options: CachedTokensOptions) {
    this.#options = options
    this.#metrics = new TokenCacheMetrics(options.metrics)
    this.#key = options.host.randomBytes(keyBytes)
    this.#known = new AnswerCache(options.host, maxTokens)
  }

  async authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication | undefined> {
    const { host, tokens, successLifeMs, failureLifeMs } = this.#options
    const asked = new TextEncoder().encode(JSON.stringify([token, ...audiences]))
    const startedMs = host.monotonicMs()
    let isKnown = true
    try {
      return await this.#known.get(
        encodeBase64(hmacSha256(host, this.#key, asked)),
        () => {
          isKnown = false
          return this.#metrics.fetch(async () => tokens.authenticateToken(token, audiences))
        },
        (found) => (found === undefined ? failureLifeMs : successLifeMs),
      )
    } finally {
      this.#metrics.answered(isKnown ? 'hit' : 'miss', host.monotonicMs() - startedMs)
    }
  }
}
