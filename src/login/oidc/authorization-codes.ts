import { encodeBase64Url } from '../../base/base64.ts'
import type { Host } from '../../base/host.ts'
import { LruMap } from '../../base/lru-map.ts'
import type { Person } from '../person.ts'
import type { PendingLogin } from './pending-logins.ts'

/** Somebody who has logged in, until the client fetches their tokens. */
export interface Grant {
  readonly login: PendingLogin
  readonly directory: string
  /** As the directory names them. */
  readonly person: Person
  readonly loggedInMs: number
}

interface Kept {
  readonly grant: Grant
  readonly untilMs: number
  isUsed: boolean
  session?: string
}

/** RFC 6749 §4.1.2 asks for ten minutes at most; a program on the same machine needs a moment. */
const lifeMs = 60_000
/** Each is somebody who has logged in within the last minute. */
const maxCodes = 10_000
const codeBytes = 32

/** Authorization codes: good once, for a minute. */
export class AuthorizationCodes {
  readonly #host: Host
  readonly #kept = new LruMap<string, Kept>(maxCodes)

  constructor(host: Host) {
    this.#host = host
  }

  issue(grant: Grant): string {
    const code = encodeBase64Url(this.#host.randomBytes(codeBytes))
    this.#kept.set(this.#hash(code), { grant, untilMs: this.#host.now() + lifeMs, isUsed: false })
    return code
  }

  /**
   * What the code stands for; undefined where it is not good. `stolen`: the session of a code that comes a second time,
   * which must end (RFC 6749 §4.1.2). `began` is told of the session that came of it.
   */
  use(code: string): {
    readonly grant?: Grant
    readonly stolen?: string
    readonly began?: (session: string) => void
  } {
    const kept = this.#kept.get(this.#hash(code))
    if (kept === undefined || this.#host.now() >= kept.untilMs) return {}
    if (kept.isUsed) return kept.session === undefined ? {} : { stolen: kept.session }
    kept.isUsed = true
    const began = (session: string): void => {
      kept.session = session
    }
    return { grant: kept.grant, began }
  }

  #hash(code: string): string {
    return encodeBase64Url(this.#host.sha256(new TextEncoder().encode(code)))
  }
}
