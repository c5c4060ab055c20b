import { decodeBase64Url, encodeBase64Url } from '../../base/base64.ts'
import { isRecord } from '../../base/is-record.ts'
import type { TokenKeys } from './token-keys.ts'

/** A name and, where it is known, the object's identity. */
export interface ObjectClaim {
  readonly name: string
  readonly uid?: string
}

/** What a service-account token says (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/). Times are whole seconds. */
export interface TokenClaims {
  readonly aud: readonly string[]
  readonly exp: number
  readonly iat: number
  readonly iss: string
  readonly jti: string
  readonly 'kubernetes.io': {
    readonly namespace: string
    readonly node?: ObjectClaim
    readonly pod?: ObjectClaim
    readonly secret?: ObjectClaim
    readonly serviceaccount: ObjectClaim
    readonly warnafter?: number
  }
  readonly nbf: number
  readonly sub: string
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const encodePart = (value: unknown): string => encodeBase64Url(encoder.encode(JSON.stringify(value)))

/** The token in its compact form (RFC 7519). */
export function signToken(claims: object, keys: TokenKeys): string {
  const text = `${encodePart({ alg: keys.algorithm, kid: keys.keyId })}.${encodePart(claims)}`
  return `${text}.${encodeBase64Url(keys.sign(encoder.encode(text)))}`
}

/** A token taken apart, not verified. */
export interface ParsedToken {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

function decodePart(part: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = decodeBase64Url(part)
  if (bytes === undefined) return undefined
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes))
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** Undefined for a text that is no JSON Web Token. */
export function parseToken(token: string): ParsedToken | undefined {
  const [head, body, tail, ...more] = token.split('.')
  if (head === undefined || body === undefined || tail === undefined || more.length > 0) return undefined
  const header = decodePart(head)
  const payload = decodePart(body)
  const signature = decodeBase64Url(tail)
  if (header === undefined || payload === undefined || signature === undefined) return undefined
  return { header, payload, signed: encoder.encode(`${head}.${body}`), signature }
}

function objectClaim(value: unknown): ObjectClaim | undefined {
  if (!isRecord(value) || typeof value.name !== 'string') return undefined
  return { name: value.name, ...(typeof value.uid === 'string' ? { uid: value.uid } : {}) }
}

const numberOr = (value: unknown, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise

/** The claims of a verified token; undefined where it is no service account's. */
export function claimsOf(payload: ParsedToken['payload']): TokenClaims | undefined {
  const own = payload['kubernetes.io']
  if (!isRecord(own) || typeof own.namespace !== 'string') return undefined
  const serviceaccount = objectClaim(own.serviceaccount)
  if (serviceaccount === undefined || typeof payload.sub !== 'string') return undefined
  const { aud } = payload
  const [pod, secret, node] = [objectClaim(own.pod), objectClaim(own.secret), objectClaim(own.node)]
  return {
    aud: (Array.isArray(aud) ? aud : [aud]).filter((entry) => typeof entry === 'string'),
    exp: numberOr(payload.exp, Number.POSITIVE_INFINITY),
    iat: numberOr(payload.iat, 0),
    iss: String(payload.iss),
    jti: typeof payload.jti === 'string' ? payload.jti : '',
    'kubernetes.io': {
      namespace: own.namespace,
      ...(node === undefined ? {} : { node }),
      ...(pod === undefined ? {} : { pod }),
      ...(secret === undefined ? {} : { secret }),
      serviceaccount,
      ...(typeof own.warnafter === 'number' ? { warnafter: own.warnafter } : {}),
    },
    nbf: numberOr(payload.nbf, 0),
    sub: payload.sub,
  }
}
