import { goQuote } from '../../../apimachinery/go-text.ts'
import { isRecord } from '../../../base/is-record.ts'
import { messageOf } from '../../../base/message-of.ts'
import { AuthenticationError } from '../authentication-error.ts'
import { type Claims, parseIdToken, untrustedIssuer } from './id-token.ts'

/** Whoever can ask and verify other issuers. */
export interface ClaimEndpoints {
  /** The token that an endpoint gives. */
  fetch(url: string, accessToken: string | undefined): Promise<string>
  /** The verified claims of another issuer's token. Throws where it is not known yet, or wrong. */
  verify(issuer: string, token: string): Promise<Claims>
}

const failed = (what: string): AuthenticationError =>
  new AuthenticationError(`oidc: could not expand distributed claims: ${what}`)

/** The endpoint that has a claim, undefined where the token itself says all (OpenID Connect Core 1.0 §5.6.2). */
function endpointOf(claims: Claims, claim: string): Readonly<Record<string, unknown>> | undefined {
  const names = claims._claim_names
  if (Object.hasOwn(claims, claim) || names === undefined) return undefined
  if (!isRecord(names)) throw failed('oidc: error parsing distributed claim names: it is no object')
  const sources = claims._claim_sources
  if (sources === undefined) throw failed('oidc: no claim sources')
  if (!isRecord(sources)) throw failed('oidc: could not parse claim sources: it is no object')
  const source = names[claim]
  if (typeof source !== 'string') return undefined
  const endpoint = sources[source]
  if (isRecord(endpoint)) return endpoint
  throw failed(`id token _claim_names contained a source ${source} missing in _claims_sources`)
}

/** The claims with one that is kept elsewhere. Throws AuthenticationError in upstream's words. */
export async function expandClaim(claims: Claims, claim: string, endpoints: ClaimEndpoints): Promise<Claims> {
  const { endpoint: url, access_token: accessToken } = endpointOf(claims, claim) ?? {}
  if (typeof url !== 'string' || url === '') return claims
  let token: string
  try {
    token = await endpoints.fetch(url, typeof accessToken === 'string' ? accessToken : undefined)
  } catch (error) {
    throw failed(`while getting distributed claim ${goQuote(claim)}: ${messageOf(error)}`)
  }
  let found: Claims
  try {
    found = await endpoints.verify(untrustedIssuer(parseIdToken(token)), token)
  } catch (error) {
    throw failed(`verify distributed claim token: ${messageOf(error)}`)
  }
  if (Object.hasOwn(found, claim)) return { ...claims, [claim]: found[claim] }
  throw failed(`jwt returned by distributed claim endpoint ${goQuote(url)} did not contain claim: ${claim}`)
}
