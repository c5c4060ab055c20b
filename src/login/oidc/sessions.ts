import { encodeBase64Url } from '../../base/base64.ts'
import type { Host } from '../../base/host.ts'
import { LruMap } from '../../base/lru-map.ts'
import { sameText } from '../../base/same-text.ts'

/** Somebody who has logged in and may get new tokens for a while. */
export interface Session {
  readonly clientId: string
  readonly directory: string
  /** As the directory names them. */
  readonly person: { readonly id: string; readonly username: string }
  readonly loggedInMs: number
}

interface Kept extends Session {
  readonly secret: string
  readonly untilMs: number
}

export interface UsedSession {
  readonly session: Session
  /** The next one. */
  readonly refreshToken: string
  /** The token that was used is good again: nothing came of it. */
  restore(): void
  end(): void
}

/** Who was longest without a new token logs in again when there are more. */
const maxSessions = 10_000
const secretBytes = 32
const idBytes = 16

/**
 * Sessions and their refresh tokens. Each is good once (RFC 9700 §4.14): one that comes again has been stolen, by
 * this caller or by the one before, and ends its session. They end with the process, too.
 */
export class Sessions {
  readonly #host: Host
  readonly #lifeMs: number
  readonly #kept = new LruMap<string, Kept>(maxSessions)

  /** `lifeMs`: from the login to the next one, however often tokens are refreshed. */
  constructor(host: Host, lifeMs: number) {
    this.#host = host
    this.#lifeMs = lifeMs
  }

  /** Gives its first refresh token, and the ID by which `end` knows it. */
  begin(session: Session): { readonly id: string; readonly refreshToken: string } {
    const id = this.#text(idBytes)
    const { clientId, directory, loggedInMs, person } = session
    const { id: personId, username } = person
    const untilMs = loggedInMs + this.#lifeMs
    const kept = { clientId, directory, loggedInMs, person: { id: personId, username }, secret: '', untilMs }
    return { id, refreshToken: this.#renewed(id, kept) }
  }

  /** The session of a token that is good, which it then is no more; undefined for any other, whose session ends. */
  use(refreshToken: string, clientId: string): UsedSession | undefined {
    const [id = '', secret = ''] = refreshToken.split('.')
    const kept = this.#kept.get(id)
    if (kept === undefined) return undefined
    const isGood =
      sameText(kept.secret, this.#hash(secret)) &&
      kept.clientId === clientId &&
      this.#host.now() < kept.untilMs
    if (!isGood) {
      this.end(id)
      return undefined
    }
    const renewed = this.#renewed(id, kept)
    return {
      session: kept,
      refreshToken: renewed,
      restore: () => {
        if (this.#kept.get(id)?.secret === this.#hash(renewed.split('.')[1] ?? '')) this.#kept.set(id, kept)
      },
      end: () => this.end(id),
    }
  }

  /** Of any of its refresh tokens, or by its ID. */
  end(refreshTokenOrId: string): void {
    this.#kept.delete(refreshTokenOrId.split('.')[0] ?? '')
  }

  #renewed(id: string, kept: Kept): string {
    const secret = this.#text(secretBytes)
    this.#kept.set(id, { ...kept, secret: this.#hash(secret) })
    return `${id}.${secret}`
  }

  #text(bytes: number): string {
    return encodeBase64Url(this.#host.randomBytes(bytes))
  }

  #hash(secret: string): string {
    return encodeBase64Url(this.#host.sha256(new TextEncoder().encode(secret)))
  }
}
