import { aggregate } from '../../../apimachinery/aggregate.ts'
import type { Timer } from '../../../base/host.ts'
import { sleep } from '../../../base/sleep.ts'
import type { Authentication, MaybePromise } from '../../authenticator.ts'
import type { TokenAuthenticator } from '../token-authenticator.ts'
import { JwtAuthenticator, type JwtAuthenticatorOptions } from './jwt-authenticator.ts'
import type { JwtSettings } from './jwt-settings.ts'

type Options = Omit<JwtAuthenticatorOptions, 'settings'>

/** A new configuration's issuers must answer within that time, or the old one stays. */
const replaceTimeoutMs = 60_000
const lookMs = 10_000
/** Requests that have begun with the old ones may go on for so long. */
const retireMs = 60_000

interface Generation {
  readonly authenticators: readonly JwtAuthenticator[]
  readonly issuers: readonly string[]
  /** Resolves when all have been found. */
  readonly ready: Promise<unknown>
}

/** All issuers of a configuration, which another one may replace while the server runs. */
export class JwtAuthenticators implements TokenAuthenticator {
  readonly #options: Options
  readonly #ended = new AbortController()
  readonly #retiring = new Set<Timer>()
  #current: Generation

  constructor(options: Options, first: readonly JwtSettings[]) {
    this.#options = options
    this.#current = this.#start(first)
  }

  #start(all: readonly JwtSettings[]): Generation {
    const authenticators = all.map((settings) => new JwtAuthenticator({ ...this.#options, settings }))
    const ready = Promise.all(authenticators.map((authenticator) => authenticator.start()))
    return { authenticators, issuers: all.map(({ issuerUrl }) => issuerUrl), ready }
  }

  authenticateToken(token: string): MaybePromise<Authentication | undefined> {
    for (const authenticator of this.#current.authenticators) {
      const found = authenticator.authenticateToken(token)
      // Issuers differ: nobody else would know the token.
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Other issuers, once all of them answer. Rejects where one does not; then nothing changes. */
  async replace(all: readonly JwtSettings[]): Promise<void> {
    const { host } = this.#options
    const next = this.#start(all)
    const untilMs = host.monotonicMs() + replaceTimeoutMs
    for (;;) {
      const failures = next.authenticators.flatMap(({ failure }) => failure?.message ?? [])
      if (failures.length === 0) break
      if (this.#ended.signal.aborted || host.monotonicMs() >= untilMs) {
        stopAll(next)
        throw new Error(aggregate([...failures, 'context deadline exceeded']))
      }
      await Promise.race([next.ready, sleep(host, lookMs, this.#ended.signal)])
    }
    const before = this.#current
    this.#current = next
    const retiring = host.schedule(retireMs, () => {
      this.#retiring.delete(retiring)
      stopAll(before)
      for (const issuer of before.issuers)
        if (!this.#current.issuers.includes(issuer)) this.#options.metrics.forget(issuer)
    })
  }

  stop(): void {
    this.#ended.abort()
    for (const timer of this.#retiring) timer.cancel()
    stopAll(this.#current)
  }
}

function stopAll({ authenticators }: Generation): void {
  for (const authenticator of authenticators) authenticator.stop()
}
