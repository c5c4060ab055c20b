import type { core } from '../../api/generated/types/index.ts'
import { decodeBase64 } from '../../base/base64.ts'
import type { Host } from '../../base/host.ts'
import { LruMap } from '../../base/lru-map.ts'
import { textOf } from '../../base/text-of.ts'
import type { Authentication } from '../authenticator.ts'
import type { ObjectReader } from '../object-reader.ts'
import { typedReader } from '../typed-reader.ts'
import type { AccountKeys } from './account-keys.ts'
import type { AccountTokenMetrics } from './account-token-metrics.ts'
import { AuthenticationError } from './authentication-error.ts'
import { type ParsedToken, parseToken } from './jwt.ts'
import type { TokenAuthenticator } from './token-authenticator.ts'
import { serviceAccountGroups, serviceAccountUser } from './users.ts'

type Secret = core.v1.Secret

export interface LegacyTokenOptions {
  readonly host: Host
  readonly keys: AccountKeys
  readonly reader: ObjectReader
  /** The server's own: the tokens name none. */
  readonly audiences: readonly string[]
  /** Labels a Secret with the day (`2026-01-31`) on which its token was used. */
  readonly noteUse: (secret: Secret, day: string) => void
  readonly metrics: AccountTokenMetrics
}

interface LegacyClaims {
  readonly namespace: string
  readonly secret: string
  readonly account: string
  readonly uid: string
}

export const legacyIssuer = 'kubernetes/serviceaccount'
const claimPrefix = 'kubernetes.io/serviceaccount/'
export const lastUsedLabel = 'kubernetes.io/legacy-token-last-used'
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since'
const annotationPrefix = 'authentication.k8s.io/'
const generatedWarning =
  'Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.'
const dayMs = 24 * 60 * 60 * 1000
/** Signatures are checked once for a token; what they say is checked every time. */
const maxKnownTokens = 4096

/** Throws AuthenticationError in upstream's words. */
function claimsOf({ payload }: ParsedToken): LegacyClaims {
  const claims = {
    namespace: textOf(payload[`${claimPrefix}namespace`]),
    secret: textOf(payload[`${claimPrefix}secret.name`]),
    account: textOf(payload[`${claimPrefix}service-account.name`]),
    uid: textOf(payload[`${claimPrefix}service-account.uid`]),
  }
  const subject = textOf(payload['sub'])
  const missing = [
    subject === '' && 'sub',
    claims.namespace === '' && 'namespace',
    claims.secret === '' && 'secretName',
    claims.account === '' && 'serviceAccountName',
    claims.uid === '' && 'serviceAccountUID',
  ].find((name) => name !== false)
  if (missing !== undefined) throw new AuthenticationError(`${missing} claim is missing`)
  if (subject !== serviceAccountUser(claims.namespace, claims.account))
    throw new AuthenticationError('sub claim is invalid')
  return claims
}

/**
 * Tokens of service accounts that are kept in Secrets (`kubernetes.io/service-account-token`): they never expire, and
 * end with their Secret or their service account.
 */
export class LegacyTokens implements TokenAuthenticator {
  readonly #options: LegacyTokenOptions
  #known = new LruMap<string, LegacyClaims>(maxKnownTokens)
  #revision = 0
  /** When a Secret was last noted as used. */
  readonly #notedDays = new LruMap<string, string>(maxKnownTokens)

  constructor(options: LegacyTokenOptions) {
    this.#options = options
  }

  authenticateToken(token: string, audiences: readonly string[]): Authentication | undefined {
    const { revision } = this.#options.keys
    if (revision !== this.#revision) this.#known = new LruMap(maxKnownTokens)
    this.#revision = revision
    const claims = this.#known.get(token) ?? this.#verify(token)
    if (claims === undefined) return undefined
    this.#options.metrics.legacy.inc()
    const common = this.#options.audiences.filter((audience) => audiences.includes(audience))
    if (common.length === 0)
      throw new AuthenticationError(`token audiences ${this.#options.audiences} is invalid for ${audiences}`)
    const notes = this.#check(token, claims)
    const { namespace, account, uid } = claims
    const user = {
      name: serviceAccountUser(namespace, account),
      uid,
      groups: serviceAccountGroups(namespace),
    }
    return { user, audiences: common, ...notes }
  }

  #verify(token: string): LegacyClaims | undefined {
    const parsed = parseToken(token)
    if (parsed?.payload['iss'] !== legacyIssuer) return undefined
    const { kid, alg } = parsed.header
    const keyId = textOf(kid) === '' ? undefined : textOf(kid)
    if (!this.#options.keys.verify(keyId, textOf(alg), parsed.signed, parsed.signature))
      throw new AuthenticationError('invalid signature, no keys found')
    const claims = claimsOf(parsed)
    this.#known.set(token, claims)
    return claims
  }

  #check(token: string, claims: LegacyClaims): Pick<Authentication, 'annotations' | 'warnings'> {
    const { reader } = this.#options
    const secrets = typedReader<Secret>(reader, { group: '', resource: 'secrets' })
    const secret = secrets.get(claims.namespace, claims.secret)
    if (secret === undefined || secret.metadata?.deletionTimestamp !== undefined)
      throw new AuthenticationError('Token has been invalidated')
    if (new TextDecoder().decode(decodeBase64(secret.data?.['token'] ?? '')) !== token)
      throw new AuthenticationError("Token does not match server's copy")
    const account = this.#accountOf(claims)
    this.#noteUse(secret)
    if ((secret.metadata?.labels?.[invalidSinceLabel] ?? '') === '') return this.#notesOf(claims, account)
    this.#options.metrics.invalidLegacyAuto.inc()
    const { namespace, account: name } = claims
    throw new AuthenticationError(
      `the token in secret ${namespace}/${claims.secret} for service account ${namespace}/${name} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${invalidSinceLabel}' label from the secret to temporarily allow use of this token`,
    )
  }

  /** Upstream wants such tokens to go, those first that nobody asked for. */
  #notesOf(
    { namespace, account: name, secret }: LegacyClaims,
    { secrets = [] }: core.v1.ServiceAccount,
  ): Pick<Authentication, 'annotations' | 'warnings'> {
    const { metrics } = this.#options
    const isGenerated = secrets.some((reference) => reference.name === secret)
    const origin = isGenerated ? 'autogenerated' : 'manual'
    const annotations = {
      [`${annotationPrefix}legacy-token`]: serviceAccountUser(namespace, name),
      [`${annotationPrefix}legacy-token-${origin}-secret`]: secret,
    }
    if (isGenerated) metrics.legacyAuto.inc()
    else metrics.legacyManual.inc()
    return isGenerated ? { annotations, warnings: [generatedWarning] } : { annotations }
  }

  /** Throws AuthenticationError where it is not the one that the token was made for. */
  #accountOf({ namespace, account: name, uid }: LegacyClaims): core.v1.ServiceAccount {
    const accounts = typedReader<core.v1.ServiceAccount>(this.#options.reader, {
      group: '',
      resource: 'serviceaccounts',
    })
    const account = accounts.get(namespace, name)
    if (account === undefined) throw new AuthenticationError(`serviceaccounts "${name}" not found`)
    if (account.metadata?.deletionTimestamp !== undefined)
      throw new AuthenticationError(`ServiceAccount ${namespace}/${name} has been deleted`)
    if (account.metadata?.uid !== uid)
      throw new AuthenticationError(
        `ServiceAccount UID (${account.metadata?.uid ?? ''}) does not match claim (${uid})`,
      )
    return account
  }

  /** Servers' clocks may differ: tomorrow will do. */
  #noteUse(secret: Secret): void {
    const { host, noteUse } = this.#options
    const [today, tomorrow] = [0, dayMs].map((ms) => new Date(host.now() + ms).toISOString().slice(0, 10))
    const { uid = '', labels } = secret.metadata ?? {}
    const noted = labels?.[lastUsedLabel]
    if (today === undefined || noted === today || noted === tomorrow) return
    if (this.#notedDays.get(uid) === today) return
    this.#notedDays.set(uid, today)
    noteUse(secret, today)
  }
}
