import type { Authentication, Authenticator } from '../authenticator.ts'
import type { Connection, RequestSource, ServerRequest, UserInfo } from '../request.ts'
import { AuthenticationError } from './authentication-error.ts'
import { certificateIdentity } from './certificate-subject.ts'
import { withAuthenticatedGroup } from './groups.ts'

/** A proxy that has authenticated callers itself, and which of its requests' headers say who they are. */
export interface FrontProxyTrust {
  /** PEM of the authority of its certificates. */
  readonly authority: string
  /** Common names that count; none: any. */
  readonly allowedNames: readonly string[]
  readonly usernameHeaders: readonly string[]
  readonly uidHeaders: readonly string[]
  readonly groupHeaders: readonly string[]
  readonly extraHeaderPrefixes: readonly string[]
}

/** kubeadm's. */
export const standardHeaders = {
  usernameHeaders: ['X-Remote-User'],
  uidHeaders: ['X-Remote-Uid'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
}

const lower = (names: readonly string[]): readonly string[] => names.map((name) => name.toLowerCase())

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key // as upstream: told as it came
  }
}

/** Callers whom a front proxy speaks for (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#authenticating-proxy). */
export class FrontProxyAuthenticator implements Authenticator {
  readonly name = 'requestheader'
  readonly #allowedNames: readonly string[]
  readonly #username: readonly string[]
  readonly #uid: readonly string[]
  readonly #groups: readonly string[]
  readonly #extraPrefixes: readonly string[]
  readonly #allowed = new WeakMap<Connection, string>()

  constructor(trust: FrontProxyTrust) {
    this.#allowedNames = trust.allowedNames
    this.#username = lower(trust.usernameHeaders)
    this.#uid = lower(trust.uidHeaders)
    this.#groups = lower(trust.groupHeaders)
    this.#extraPrefixes = lower(trust.extraHeaderPrefixes)
  }

  /** Throws AuthenticationError for a proxy that may not speak for others. */
  authenticate({ source }: ServerRequest): Authentication | undefined {
    const { connection } = source
    if (connection.clientCertificate?.signedBy.includes('front-proxy') !== true) return undefined
    this.#checkName(connection, connection.clientCertificate.der)
    const name = firstValue(source, this.#username)
    if (name === '') return undefined
    const extraNames = source
      .headerNames()
      .filter((header) => this.#extraPrefixes.some((prefix) => header.startsWith(prefix)))
    const uid = firstValue(source, this.#uid)
    const user: UserInfo = {
      name,
      ...(uid === '' ? {} : { uid }),
      groups: this.#groups.flatMap((header) => source.headerValues(header).filter((group) => group !== '')),
      extra: this.#extraOf(source, extraNames),
    }
    const headers = [...this.#username, ...this.#uid, ...this.#groups, ...extraNames]
    return { user: withAuthenticatedGroup(user), headers }
  }

  #checkName(connection: Connection, der: Uint8Array): void {
    if (this.#allowedNames.length === 0) return
    const name = this.#allowed.get(connection) ?? certificateIdentity(der).commonName
    this.#allowed.set(connection, name)
    if (!this.#allowedNames.includes(name))
      throw new AuthenticationError(`x509: subject with cn=${name} is not in the allowed list`)
  }

  #extraOf(source: RequestSource, names: readonly string[]): Record<string, readonly string[]> {
    const extra = new Map<string, readonly string[]>()
    for (const prefix of this.#extraPrefixes)
      for (const header of names) {
        if (!header.startsWith(prefix)) continue
        const key = unescaped(header.slice(prefix.length))
        extra.set(key, [...(extra.get(key) ?? []), ...source.headerValues(header)])
      }
    return Object.fromEntries(extra)
  }
}

/** The first that says something. */
function firstValue(source: RequestSource, headers: readonly string[]): string {
  for (const header of headers) {
    const value = source.headerValues(header)[0] ?? ''
    if (value !== '') return value
  }
  return ''
}
