import { encodeBase64Url } from '../../base/base64.ts'
import type { Host } from '../../base/host.ts'
import type { Person } from '../person.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface IdTokenSubject {
  readonly clientId: string
  readonly directory: string
  /** Under the names that are shown. */
  readonly person: Person
  readonly loggedInMs: number
  readonly nonce?: string
}

const tokenIdBytes = 16
/** OpenID Connect Core §2 */
const maxSubjectLength = 255

/** ID tokens (OpenID Connect Core §2) with `groups` beside the standard claims. */
export class IdTokens {
  readonly #host: Host
  readonly #keys: SigningKeys
  readonly #issuer: string
  readonly lifeMs: number

  constructor(host: Host, keys: SigningKeys, issuer: string, lifeMs: number) {
    this.#host = host
    this.#keys = keys
    this.#issuer = issuer
    this.lifeMs = lifeMs
  }

  issue({ clientId, directory, person, loggedInMs, nonce }: IdTokenSubject): string {
    const nowSeconds = Math.floor(this.#host.now() / 1000)
    const { username, displayName, email, groups } = person
    return this.#keys.sign({
      iss: this.#issuer,
      sub: this.#subject(directory, person.id),
      aud: clientId,
      exp: nowSeconds + Math.floor(this.lifeMs / 1000),
      iat: nowSeconds,
      nbf: nowSeconds,
      auth_time: Math.floor(loggedInMs / 1000),
      jti: encodeBase64Url(this.#host.randomBytes(tokenIdBytes)),
      preferred_username: username,
      groups,
      directory,
      ...(nonce === undefined ? {} : { nonce }),
      ...(displayName === undefined ? {} : { name: displayName }),
      // Whoever keeps the directory vouches for it.
      ...(email === undefined ? {} : { email, email_verified: true }),
    })
  }

  /** Readable where it may be; of an ID that is longer, or not ASCII, a digest. */
  #subject(directory: string, id: string): string {
    const text = `${directory}:${id}`
    if (text.length <= maxSubjectLength && /^[\x21-\x7e]+$/.test(text)) return text
    return `${directory}:${encodeBase64Url(this.#host.sha256(new TextEncoder().encode(id)))}`
  }
}
