import { hex } from '../../../base/hex.ts'
import type { Host } from '../../../base/host.ts'
import type { Metrics } from '../../../base/metrics.ts'

const prefix = 'apiserver_authentication_jwt_authenticator_'

/** What an issuer's tokens and keys measure, under upstream's names. */
export class JwtMetrics {
  readonly #host: Host
  readonly #serverHash: string
  readonly #latency
  readonly #fetchSeconds
  readonly #keySets
  /** What is known of each issuer's keys. */
  readonly #known = new Map<string, string>()

  constructor(host: Host, metrics: Metrics, serverId: string) {
    this.#host = host
    this.#serverHash = this.hash(serverId)
    this.#latency = metrics.histogram({
      name: `${prefix}latency_seconds`,
      help: 'Latency of jwt authentication operations in seconds. This is the time spent authenticating a token for cache miss only (i.e. when the token is not found in the cache).',
      labels: ['result', 'jwt_issuer_hash'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    })
    this.#fetchSeconds = metrics.gauge({
      name: `${prefix}jwks_fetch_last_timestamp_seconds`,
      help: 'Timestamp of the last successful or failed JWKS fetch split by result, api server identity and jwt issuer for the JWT authenticator.',
      labels: ['result', 'jwt_issuer_hash', 'apiserver_id_hash'],
    })
    this.#keySets = metrics.gauge({
      name: `${prefix}jwks_fetch_last_key_set_info`,
      help: 'Information about the last JWKS fetched by the JWT authenticator with hash as label, split by api server identity and jwt issuer.',
      labels: ['jwt_issuer_hash', 'apiserver_id_hash', 'hash'],
    })
    metrics.onCollect(() => {
      this.#keySets.clear()
      for (const [issuer, hash] of this.#known) this.#keySets.set(1, [issuer, this.#serverHash, hash])
    })
  }

  hash(text: string): string {
    return `sha256:${hex(this.#host.sha256(new TextEncoder().encode(text)))}`
  }

  authenticated(result: 'success' | 'failure', issuerHash: string, startedMs: number): void {
    this.#latency.observe((this.#host.monotonicMs() - startedMs) / 1000, [result, issuerHash])
  }

  /** `keySet`: undefined for an attempt that failed. */
  fetched(issuerHash: string, keySet: string | undefined): void {
    const result = keySet === undefined ? 'failure' : 'success'
    this.#fetchSeconds.set(this.#host.now() / 1000, [result, issuerHash, this.#serverHash])
    if (keySet !== undefined) this.#known.set(issuerHash, this.hash(keySet))
  }

  /** Of an issuer that is no more. */
  forget(issuer: string): void {
    this.#known.delete(this.hash(issuer))
  }
}
