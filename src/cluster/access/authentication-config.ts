import { parse } from 'yaml'
import { aggregateFields } from '../../apimachinery/aggregate.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { duplicate, fieldForbidden, invalidValue, tooMany } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import { IdentityCompiler } from '../../apiserver/authentication/jwt/identity-expressions.ts'
import type { JwtSettings } from '../../apiserver/authentication/jwt/jwt-settings.ts'
import type { AnonymousAccess } from '../../apiserver/authentication/request-authenticator.ts'
import { booleanOf, listOf, only, textOf } from '../components/config-fields.ts'
import { JwtReader, type JwtRules } from './jwt-config.ts'
import { configOf } from './versioned-config.ts'

export interface AuthenticationConfig {
  readonly jwt: readonly JwtSettings[]
  /** Absent: the file does not say. */
  readonly anonymous?: AnonymousAccess
}

const maxIssuers = 64

function anonymousOf(value: unknown, errors: FieldError[]): AnonymousAccess | undefined {
  if (value === undefined || value === null) return undefined
  const fields = only(value, 'anonymous', ['enabled', 'conditions'])
  const enabled = booleanOf(fields, 'enabled') ?? false
  const conditions = listOf(fields, 'conditions') ?? []
  const paths = conditions.map((condition, index) => {
    const where = `anonymous.conditions[${index}]`
    return textOf(only(condition, where, ['path']), 'path') ?? ''
  })
  if (!enabled && paths.length > 0) {
    const detail = 'enabled should be set to true when conditions are defined'
    errors.push(invalidValue('anonymous.conditions', conditions, detail))
  }
  return paths.length === 0 ? { enabled } : { enabled, paths: new Set(paths) }
}

function checkRepeated(jwt: readonly (JwtSettings | undefined)[], errors: FieldError[]): void {
  const seen = { url: new Set<string>(), discoveryURL: new Set<string>() }
  jwt.forEach((settings, index) => {
    const urls = { url: settings?.issuerUrl, discoveryURL: settings?.discoveryUrl }
    for (const name of ['url', 'discoveryURL'] as const) {
      const url = urls[name]
      if (url === undefined) continue
      if (seen[name].has(url))
        errors.push(duplicate(fieldPath('jwt').index(index).child('issuer').child(name), url))
      seen[name].add(url)
    }
  })
}

/** What of a configuration's issuers is wrong, and what they are. */
export function readIssuers(
  items: readonly unknown[],
  rules: JwtRules,
  errors: FieldError[],
): readonly JwtSettings[] {
  const path = fieldPath('jwt')
  if (items.length > maxIssuers) {
    errors.push(tooMany(path, items.length, maxIssuers))
    return []
  }
  const compiler = new IdentityCompiler()
  const jwt = items.map((item, index) => new JwtReader(path.index(index), compiler, rules, errors).read(item))
  checkRepeated(jwt, errors)
  return jwt
}

/**
 * Reads an AuthenticationConfiguration (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#using-authentication-configuration).
 * `first`: what the server has started with, whose `anonymous` must stay. Throws an Error in upstream's words.
 */
export function authenticationConfig(
  text: string,
  rules: JwtRules,
  first?: { readonly anonymous?: AnonymousAccess },
): AuthenticationConfig {
  const top = configOf(parse(text), 'AuthenticationConfiguration', ['jwt', 'anonymous'])
  const errors: FieldError[] = []
  const jwt = readIssuers(listOf(top, 'jwt') ?? [], rules, errors)
  const anonymous = anonymousOf(top['anonymous'], errors)
  if (first !== undefined && !sameAnonymous(first.anonymous, anonymous))
    errors.push(fieldForbidden('anonymous', 'changed from initial configuration file'))
  if (errors.length > 0) throw new Error(aggregateFields(errors))
  return { jwt, ...(anonymous === undefined ? {} : { anonymous }) }
}

function sameAnonymous(one: AnonymousAccess | undefined, other: AnonymousAccess | undefined): boolean {
  const shown = (access: AnonymousAccess | undefined): string =>
    JSON.stringify(access === undefined ? null : [access.enabled, ...(access.paths ?? [])])
  return shown(one) === shown(other)
}
