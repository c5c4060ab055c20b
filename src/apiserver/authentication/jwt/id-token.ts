import { goQuote } from '../../../apimachinery/go-text.ts'
import { AuthenticationError } from '../authentication-error.ts'
import { type ParsedToken, parseToken } from '../jwt.ts'

export type Claims = ParsedToken['payload']

/** Clocks may differ by that much, for tokens that are not good yet. */
const leewayMs = 60_000

const goList = (values: readonly string[]): string => `[${values.map(goQuote).join(' ')}]`
const wrong = (what: string): AuthenticationError => new AuthenticationError(`oidc: verify token: ${what}`)

/** As Go prints a time. */
const goTime = (ms: number): string =>
  `${new Date(ms).toISOString().replace('T', ' ').replace(/\..*/, '')} +0000 UTC`

/** Of a token that has not been verified: who says that it has issued it. */
export function untrustedIssuer(token: ParsedToken): string {
  const { iss } = token.payload
  // Google's older tokens leave the scheme out.
  if (iss === 'accounts.google.com') return `https://${iss}`
  return typeof iss === 'string' ? iss : ''
}

/** The token's parts. Throws AuthenticationError. */
export function parseIdToken(text: string): ParsedToken {
  const token = parseToken(text)
  if (token === undefined) throw wrong('oidc: malformed jwt')
  return token
}

export function checkAlgorithm({ header }: ParsedToken, algorithms: readonly string[]): void {
  const algorithm = typeof header.alg === 'string' ? header.alg : ''
  if (algorithms.includes(algorithm)) return
  throw wrong(
    `oidc: id token signed with unsupported algorithm, expected ${goList(algorithms)} got ${goQuote(algorithm)}`,
  )
}

const textsOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((entry) => typeof entry === 'string')

/** What a token with a good signature must say. Throws AuthenticationError. */
export function checkClaims(
  { payload }: ParsedToken,
  issuer: string,
  audiences: readonly string[],
  nowMs: number,
): void {
  const { iss, exp, nbf } = payload
  if (iss !== issuer && !(iss === 'accounts.google.com' && issuer === 'https://accounts.google.com')) {
    const [expected, got] = [goQuote(issuer), goQuote(String(iss))]
    throw wrong(`oidc: id token issued by a different provider, expected ${expected} got ${got}`)
  }
  const own = textsOf(payload.aud)
  if (!audiences.some((audience) => own.includes(audience))) {
    const expected =
      audiences.length === 1 ? `audience ${goQuote(audiences[0] ?? '')}` : `audience in ${goList(audiences)}`
    throw wrong(`oidc: expected ${expected} got ${goList(own)}`)
  }
  // Without an end it has ended.
  const expiresMs = typeof exp === 'number' ? exp * 1000 : 0
  if (expiresMs < nowMs) throw wrong(`oidc: token is expired (Token Expiry: ${goTime(expiresMs)})`)
  if (typeof nbf === 'number' && nowMs + leewayMs < nbf * 1000) {
    const [now, from] = [goTime(nowMs), goTime(nbf * 1000)]
    throw wrong(`oidc: current time ${now} before the nbf (not before) time: ${from}`)
  }
}
