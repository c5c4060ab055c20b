import { decodeBase64Url, encodeBase64Url } from '../../base/base64.ts'
import { hmacSha256 } from '../../base/hmac.ts'
import type { Host } from '../../base/host.ts'
import { isRecord } from '../../base/is-record.ts'
import { LruMap } from '../../base/lru-map.ts'
import { sameText } from '../../base/same-text.ts'
import type { AuthorizationRequest } from './authorization-request.ts'

/** A login that has begun in a browser. */
export interface PendingLogin extends AuthorizationRequest {
  /** Of a form, and of what another server brings back. An NCName, as SAML wants its IDs. */
  readonly id: string
  readonly untilMs: number
}

const lifeMs = 10 * 60_000
const keyBytes = 32
const idBytes = 16
/** Each is somebody who has logged in within the last ten minutes. */
const maxEnded = 10_000
const namePrefix = '__Host-timonel-login'

const encoder = new TextEncoder()

function isPending(value: unknown): value is PendingLogin {
  return isRecord(value) && typeof value.id === 'string' && typeof value.untilMs === 'number'
}

/**
 * Logins that have begun: each is in a cookie of its browser, signed, so that nothing of it is here until somebody has
 * logged in. What is posted must come from that browser, whichever page made it do so.
 */
export class PendingLogins {
  readonly #host: Host
  readonly #key: Uint8Array
  readonly #ended = new LruMap<string, true>(maxEnded)

  constructor(host: Host) {
    this.#host = host
    this.#key = host.randomBytes(keyBytes)
  }

  begin(request: AuthorizationRequest): { readonly login: PendingLogin; readonly cookie: string } {
    const id = `l${encodeBase64Url(this.#host.randomBytes(idBytes))}`
    const login = { ...request, id, untilMs: this.#host.now() + lifeMs }
    const text = encodeBase64Url(encoder.encode(JSON.stringify(login)))
    return { login, cookie: this.#cookie(id, `${text}.${this.#sign(text)}`, lifeMs / 1000) }
  }

  /** The login of that ID, if it is this browser's and not over. `cookies` is the header. */
  find(id: string, cookies: string): PendingLogin | undefined {
    const name = `${namePrefix}-${id}`
    const pair = cookies.split(';').map((each) => each.trim().split('='))
    const [, value = ''] = pair.find(([key]) => key === name) ?? []
    const [text = '', signature = ''] = value.split('.')
    if (!sameText(this.#sign(text), signature)) return undefined
    const login: unknown = JSON.parse(new TextDecoder().decode(decodeBase64Url(text)))
    if (!isPending(login) || login.id !== id || this.#host.now() >= login.untilMs) return undefined
    return this.#ended.get(id) === undefined ? login : undefined
  }

  /** It has led to somebody; false where it had already. Gives what takes the cookie away. */
  end(login: PendingLogin): { readonly isFirst: boolean; readonly cookie: string } {
    const isFirst = this.#ended.get(login.id) === undefined
    this.#ended.set(login.id, true)
    return { isFirst, cookie: this.#cookie(login.id, '', 0) }
  }

  // An identity provider's page posts its answer to us: only `None` lets the cookie come with it.
  #cookie(id: string, value: string, maxAgeSeconds: number): string {
    return `${namePrefix}-${id}=${value}; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=${maxAgeSeconds}`
  }

  #sign(text: string): string {
    return encodeBase64Url(hmacSha256(this.#host, this.#key, encoder.encode(text)))
  }
}
