import { goQuote } from '../../apimachinery/go-text.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { timeMs } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import { LruMap } from '../../base/lru-map.ts'
import type { Authentication, MaybePromise } from '../authenticator.ts'
import type { ObjectReader } from '../object-reader.ts'
import type { UserInfo } from '../request.ts'
import type { AccountKeys } from './account-keys.ts'
import type { AccountTokenMetrics } from './account-token-metrics.ts'
import { AuthenticationError } from './authentication-error.ts'
import { claimsOf, type ObjectClaim, type ParsedToken, parseToken, type TokenClaims } from './jwt.ts'
import type { TokenAuthenticator } from './token-authenticator.ts'
import { credentialIdKey, credentialIdOf, serviceAccountGroups, serviceAccountUser } from './users.ts'

export interface ServiceAccountTokenOptions {
  readonly host: Host
  readonly keys: AccountKeys
  readonly reader: ObjectReader
  /** Tokens of other issuers are not ours. */
  readonly issuers: readonly string[]
  readonly metrics: AccountTokenMetrics
}

/** Clocks may differ by that much (go-jose's default leeway). */
const leewayMs = 60_000
/** Signatures are checked once for a token; what they say is checked every time. */
const maxKnownTokens = 4096

interface KnownToken {
  readonly claims: TokenClaims
  readonly user: UserInfo
}

const unsigned = (): AuthenticationError => new AuthenticationError('invalid signature, no keys found')
const invalidated = (): AuthenticationError =>
  new AuthenticationError('service account token has been invalidated')

function extraOf(claims: TokenClaims): Readonly<Record<string, readonly string[]>> {
  const { pod, node } = claims['kubernetes.io']
  const extra: Record<string, readonly string[]> = {}
  if (claims.jti !== '') extra[credentialIdKey] = [credentialIdOf(claims.jti)]
  if (node !== undefined) {
    extra['authentication.kubernetes.io/node-name'] = [node.name]
    if (node.uid !== undefined) extra['authentication.kubernetes.io/node-uid'] = [node.uid]
  }
  if (pod?.uid !== undefined) {
    extra['authentication.kubernetes.io/pod-name'] = [pod.name]
    extra['authentication.kubernetes.io/pod-uid'] = [pod.uid]
  }
  return extra
}

function userOf(claims: TokenClaims): UserInfo {
  const { namespace, serviceaccount } = claims['kubernetes.io']
  const extra = extraOf(claims)
  return {
    name: serviceAccountUser(namespace, serviceaccount.name),
    ...(serviceaccount.uid === undefined ? {} : { uid: serviceaccount.uid }),
    groups: serviceAccountGroups(namespace),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
}

/**
 * Tokens of service accounts, bound to what they were made for: they end with their service account, pod, secret
 * or node (KEP-1205, KEP-4193).
 */
export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #options: ServiceAccountTokenOptions
  #known = new LruMap<string, KnownToken>(maxKnownTokens)
  #revision = 0

  constructor(options: ServiceAccountTokenOptions) {
    this.#options = options
  }

  authenticateToken(token: string, audiences: readonly string[]): MaybePromise<Authentication | undefined> {
    const { revision } = this.#options.keys
    if (revision !== this.#revision) this.#known = new LruMap(maxKnownTokens)
    this.#revision = revision
    const known = this.#known.get(token)
    if (known !== undefined) return this.#checked(known, audiences)
    const parsed = parseToken(token)
    if (parsed === undefined || !this.#isOurs(parsed.payload.iss)) return undefined
    const { keyId, isSigned } = this.#signatureOf(parsed)
    if (isSigned) return this.#checked(this.#learn(token, parsed), audiences)
    // It may be of a key that nobody has told us of.
    const looking = this.#options.keys.lookFor(keyId)
    if (looking === undefined) throw unsigned()
    return looking.then(() => {
      if (!this.#signatureOf(parsed).isSigned) throw unsigned()
      return this.#checked(this.#learn(token, parsed), audiences)
    })
  }

  #checked(known: KnownToken, audiences: readonly string[]): Authentication {
    const common = known.claims.aud.filter((audience) => audiences.includes(audience))
    if (common.length === 0) {
      throw new AuthenticationError(
        `token audiences ${quoteList(known.claims.aud)} is invalid for the target audiences ${quoteList(audiences)}`,
      )
    }
    this.#checkTimes(known.claims)
    this.#checkObjects(known.claims)
    const stale = this.#staleness(known.claims)
    const found = { user: known.user, audiences: common }
    return stale === undefined ? found : { ...found, annotations: stale }
  }

  /** What auditors learn of a client that uses a token it should have read anew by now. */
  #staleness({ sub, 'kubernetes.io': { warnafter = 0 } }: TokenClaims): Authentication['annotations'] {
    if (warnafter === 0) return undefined
    const { host, metrics } = this.#options
    const nowMs = host.now()
    if (nowMs <= warnafter * 1000) {
      metrics.valid.inc()
      return undefined
    }
    metrics.stale.inc()
    const seconds = Math.floor(nowMs / 1000) - warnafter
    return {
      'authentication.k8s.io/stale-token': `subject: ${sub}, seconds after warning threshold: ${seconds}`,
    }
  }

  #signatureOf({ header, signed, signature }: ParsedToken): {
    readonly keyId: string | undefined
    readonly isSigned: boolean
  } {
    const { kid, alg } = header
    const keyId = typeof kid === 'string' && kid !== '' ? kid : undefined
    return { keyId, isSigned: this.#options.keys.verify(keyId, String(alg), signed, signature) }
  }

  #learn(token: string, parsed: ParsedToken): KnownToken {
    const claims = claimsOf(parsed.payload)
    if (claims === undefined)
      throw new AuthenticationError('service account token claims could not be validated')
    const known = { claims, user: userOf(claims) }
    this.#known.set(token, known)
    return known
  }

  #isOurs(issuer: unknown): boolean {
    return typeof issuer === 'string' && this.#options.issuers.includes(issuer)
  }

  #checkTimes(claims: TokenClaims): void {
    const now = this.#options.host.now()
    if (now - leewayMs > claims.exp * 1000) throw new AuthenticationError('service account token has expired')
    if (now + leewayMs < claims.nbf * 1000) {
      throw new AuthenticationError('service account token is not valid yet')
    }
    if (now + leewayMs < claims.iat * 1000) {
      throw new AuthenticationError('service account token is issued in the future')
    }
  }

  #checkObjects(claims: TokenClaims): void {
    const { namespace, serviceaccount, secret, pod, node } = claims['kubernetes.io']
    this.#checkServiceAccount(namespace, serviceaccount)
    if (secret !== undefined) this.#checkBound('secrets', 'secret', namespace, secret)
    if (pod !== undefined) this.#checkBound('pods', 'pod', namespace, pod)
    else if (node !== undefined) this.#checkBound('nodes', 'node', '', node)
  }

  #checkServiceAccount(namespace: string, claim: ObjectClaim): void {
    const account = this.#read('serviceaccounts', namespace, claim.name)
    if (account === undefined) throw new AuthenticationError(`serviceaccounts "${claim.name}" not found`)
    const uid = account.metadata?.uid ?? ''
    if (uid !== claim.uid) {
      throw new AuthenticationError(`service account UID (${uid}) does not match claim (${claim.uid ?? ''})`)
    }
    if (this.#isGone(account)) {
      throw new AuthenticationError(`service account ${namespace}/${claim.name} has been deleted`)
    }
  }

  #checkBound(resource: string, word: string, namespace: string, claim: ObjectClaim): void {
    const object = this.#read(resource, namespace, claim.name)
    if (object === undefined) throw invalidated()
    const uid = object.metadata?.uid ?? ''
    if (uid !== claim.uid) {
      throw new AuthenticationError(
        `${word} UID (${uid}) does not match service account ${word} ref claim (${claim.uid ?? ''})`,
      )
    }
    if (this.#isGone(object)) throw invalidated()
  }

  #read(resource: string, namespace: string, name: string): KubernetesObject | undefined {
    return this.#options.reader.get({ group: '', resource }, namespace, name)
  }

  /** Deleted longer ago than clocks may differ, and only waiting for its finalizers or grace. */
  #isGone(object: KubernetesObject): boolean {
    const deleted = object.metadata?.deletionTimestamp
    return deleted !== undefined && timeMs(deleted) < this.#options.host.now() - leewayMs
  }
}

const quoteList = (texts: readonly string[]): string => `[${texts.map(goQuote).join(' ')}]`
