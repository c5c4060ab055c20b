import type { Host } from '../../base/host.ts'
import { LruMap } from '../../base/lru-map.ts'
import { TokenBucket } from '../../base/token-bucket.ts'
import { OauthError } from './oauth-error.ts'

/** So many passwords of one name at once, and then one in so many seconds. */
const burst = 10
const everySeconds = 6
/** Of names; who tries more than these has each bounded by the directory's speed. */
const maxNames = 10_000
/** That directories are asked at the same time. */
const maxAtOnce = 32
const busySeconds = 1

/**
 * One text for all that a directory may take for the same name: it looks at neither case nor width, accents, spaces
 * or what cannot be seen (RFC 4518 §2). That it is one text for some that differ costs a name some of its tries.
 */
const sameName = (username: string): string =>
  username
    .normalize('NFKD')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[\p{M}\p{C}\p{Z}\s]/gu, '')

/** How fast passwords may be tried. A name that is tried too often has to wait, whoever tries; it is never locked. */
export class Attempts {
  readonly #host: Host
  readonly #names = new LruMap<string, TokenBucket>(maxNames)
  #underWay = 0

  constructor(host: Host) {
    this.#host = host
  }

  /** Rejects with OauthError where it is too early. */
  async try<T>(directory: string, username: string, attempt: () => Promise<T>): Promise<T> {
    const name = JSON.stringify([directory, sameName(username)])
    const bucket = this.#names.get(name) ?? new TokenBucket(this.#host, 1 / everySeconds, burst)
    this.#names.set(name, bucket)
    if (!bucket.tryTake()) {
      const seconds = Math.ceil(bucket.untilNextMs() / 1000)
      throw new OauthError('slow_down', 'too many attempts: wait a little', seconds)
    }
    if (this.#underWay >= maxAtOnce) throw new OauthError('slow_down', 'too many logins at once', busySeconds)
    this.#underWay++
    try {
      return await attempt()
    } finally {
      this.#underWay--
    }
  }
}
