import { claimsValue, type MapValue, toNative, type Value } from '../../../apimachinery/cel/index.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import type { UserInfo } from '../../request.ts'
import { AuthenticationError } from '../authentication-error.ts'
import { credentialIdKey } from '../users.ts'
import type { Claims } from './id-token.ts'
import type { ClaimSource, IdentityExpression, IdentityRule, JwtSettings } from './jwt-settings.ts'

const wrong = (what: string): AuthenticationError => new AuthenticationError(`oidc: ${what}`)

/** Throws AuthenticationError, with `what` in front of the reason. */
function evaluate(
  { text, program }: IdentityExpression,
  variables: Readonly<Record<string, Value>>,
  what: string,
): Value {
  const result = program.evaluate(variables)
  if (result.ok) return result.value
  throw wrong(`${what}expression '${text}' resulted in error: ${result.error}`)
}

/** Go's name of what a JSON value is. */
const goKind = (value: unknown): string =>
  Array.isArray(value)
    ? 'array'
    : value === null
      ? 'null'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value

function textClaim(claims: Claims, name: string, what: string): string {
  if (!Object.hasOwn(claims, name)) throw wrong(`${what}: claim not present`)
  const value = claims[name]
  if (value === null) return ''
  if (typeof value === 'string') return value
  throw wrong(`${what}: json: cannot unmarshal ${goKind(value)} into Go value of type string`)
}

/** '' and [] are nothing, and so are empty texts in a list. Undefined for what is neither a text nor a list of texts. */
function textsOf(value: unknown): readonly string[] | undefined {
  if (value === null) return []
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string')) return undefined
  return value.filter((entry) => entry !== '')
}

const notTexts = 'expression must return a string or a list of strings'

function checkEmail(claims: Claims): void {
  if (!Object.hasOwn(claims, 'email_verified')) return
  const verified = claims.email_verified
  if (verified !== null && typeof verified !== 'boolean') {
    throw wrong(
      `parse 'email_verified' claim: json: cannot unmarshal ${goKind(verified)} into Go value of type bool`,
    )
  }
  if (verified !== true) throw wrong('email not verified')
}

type ClaimsVariable = Readonly<Record<'claims', Value>>

function usernameOf(source: ClaimSource, claims: Claims, variable: ClaimsVariable): string {
  if ('expression' in source) {
    const what = 'error evaluating username claim expression: '
    const name = evaluate(source.expression, variable, what)
    if (typeof name !== 'string') throw wrong(`${what}username claim expression must return a string`)
    if (name === '') throw wrong('empty username via CEL expression is not allowed')
    return name
  }
  const name = textClaim(claims, source.claim, `parse username claims ${goQuote(source.claim)}`)
  if (source.claim === 'email') checkEmail(claims)
  return source.prefix + name
}

function groupsOf(
  source: ClaimSource | undefined,
  claims: Claims,
  variable: ClaimsVariable,
): readonly string[] {
  if (source === undefined) return []
  if ('expression' in source) {
    const what = 'error evaluating group claim expression: '
    const groups = textsOf(toNative(evaluate(source.expression, variable, what)))
    if (groups === undefined) throw wrong(what + notTexts)
    return groups
  }
  if (!Object.hasOwn(claims, source.claim)) return []
  const value = claims[source.claim]
  // Some administrators have a single role.
  const groups = typeof value === 'string' ? [value] : (value ?? [])
  if (Array.isArray(groups) && groups.every((group) => typeof group === 'string'))
    return groups.map((group) => source.prefix + group)
  throw wrong(
    `parse groups claim ${goQuote(source.claim)}: json: cannot unmarshal ${goKind(value)} into Go value of type string`,
  )
}

function uidOf(source: ClaimSource | undefined, claims: Claims, variable: ClaimsVariable): string {
  if (source === undefined) return ''
  if ('claim' in source) return textClaim(claims, source.claim, `parse uid claim ${goQuote(source.claim)}`)
  const what = 'error evaluating uid claim expression: '
  const uid = evaluate(source.expression, variable, what)
  if (typeof uid !== 'string') throw wrong(`${what}uid claim expression must return a string`)
  return uid
}

function extraOf(
  { extra }: JwtSettings,
  claims: Claims,
  variable: ClaimsVariable,
): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {}
  const { jti } = claims
  if (typeof jti === 'string' && jti !== '') found[credentialIdKey] = [`JTI=${jti}`]
  for (const { key, expression } of extra) {
    const result = expression.program.evaluate(variable)
    if (!result.ok)
      throw new AuthenticationError(`expression '${expression.text}' resulted in error: ${result.error}`)
    const values = textsOf(toNative(result.value))
    if (values === undefined)
      throw wrong(`error evaluating extra claim expression: ${expression.text}: ${notTexts}`)
    if (values.length > 0) found[key] = values
  }
  return found
}

function checkRequired(required: ReadonlyMap<string, string>, claims: Claims): void {
  for (const [claim, wanted] of required) {
    if (!Object.hasOwn(claims, claim)) throw wrong(`required claim ${claim} not present in ID token`)
    const got = textClaim(claims, claim, `parse claim ${claim}`)
    if (got !== wanted)
      throw wrong(`required claim ${claim} value does not match. Got = ${got}, want = ${wanted}`)
  }
}

function checkRules(
  rules: readonly IdentityRule[],
  variables: Readonly<Record<string, Value>>,
  what: string,
): void {
  // All are evaluated before one counts.
  const results = rules.map((rule) => evaluate(rule, variables, what))
  results.forEach((result, index) => {
    const { text = '', message = '' } = rules[index] ?? {}
    if (typeof result !== 'boolean') throw wrong(`${what}validation expression must return a boolean`)
    if (!result) throw wrong(`${what}validation expression '${text}' failed: ${message}`)
  })
}

const userValue = ({ name, uid = '', groups, extra = {} }: UserInfo): MapValue | Value =>
  claimsValue({ username: name, uid, groups, extra })

/** The user that verified claims mean. Throws AuthenticationError in upstream's words. */
export function userOfClaims(settings: JwtSettings, claims: Claims): UserInfo {
  const variable = { claims: claimsValue(claims) }
  const name = usernameOf(settings.username, claims, variable)
  const groups = groupsOf(settings.groups, claims, variable)
  const uid = uidOf(settings.uid, claims, variable)
  const extra = extraOf(settings, claims, variable)
  checkRequired(settings.requiredClaims, claims)
  checkRules(settings.claimRules, variable, 'error evaluating claim validation expression: ')
  const user: UserInfo = {
    name,
    groups,
    ...(uid === '' ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
  if (settings.userRules.length > 0)
    checkRules(settings.userRules, { user: userValue(user) }, 'error evaluating user info validation rule: ')
  return user
}
