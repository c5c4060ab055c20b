import { aggregateFields } from '../../apimachinery/aggregate.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import type { JwtSettings } from '../../apiserver/authentication/jwt/jwt-settings.ts'
import type { AnonymousAccess } from '../../apiserver/authentication/request-authenticator.ts'
import { StaticTokens } from '../../apiserver/authentication/static-tokens.ts'
import { messageOf } from '../../base/message-of.ts'
import type { ApiServerFlags } from '../components/api-server-options.ts'
import { readKubeconfig } from '../components/connection.ts'
import { FlagError } from '../components/flags/parse-flags.ts'
import { readFlagFile } from '../components/read-pem.ts'
import type { AccessOptions, TokenWebhook } from './access-options.ts'
import { type AuthenticationConfig, authenticationConfig, readIssuers } from './authentication-config.ts'

type AuthenticationOptions = Omit<AccessOptions, 'authorization'>

const allAlgorithms = ['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512']

function tokenWebhook(flags: ApiServerFlags): TokenWebhook | undefined {
  const flag = 'authentication-token-webhook-config-file'
  const file = flags[flag]
  if (file === undefined) return undefined
  const { server: url, namespace: _namespace, ...trust } = readKubeconfig(flag, file, undefined)
  return {
    ...{ url, trust },
    reviewVersion: flags['authentication-token-webhook-version'],
    lifeMs: flags['authentication-token-webhook-cache-ttl'],
  }
}

/** The legacy flags leave out the prefix of email addresses only. */
function usernamePrefix(flags: ApiServerFlags): string {
  const prefix = flags['oidc-username-prefix']
  if (prefix === '-') return ''
  if (prefix !== '' || flags['oidc-username-claim'] === 'email') return prefix
  return `${flags['oidc-issuer-url']}#`
}

function requiredClaims(flags: ApiServerFlags): readonly object[] {
  return flags['oidc-required-claim'].map((pair) => {
    const at = pair.indexOf('=')
    if (at < 0) throw new FlagError(`malformed pair, expect string=string: ${pair}`)
    return { claim: pair.slice(0, at), requiredValue: pair.slice(at + 1) }
  })
}

/** `--oidc-*` as the configuration's file would say it. */
function issuerOfFlags(flags: ApiServerFlags): object {
  const groups = flags['oidc-groups-claim']
  return {
    issuer: {
      url: flags['oidc-issuer-url'],
      audiences: [flags['oidc-client-id']],
      certificateAuthority: readFlagFile('oidc-ca-file', flags['oidc-ca-file']) ?? '',
    },
    claimMappings: {
      username: { claim: flags['oidc-username-claim'], prefix: usernamePrefix(flags) },
      ...(groups === '' ? {} : { groups: { claim: groups, prefix: flags['oidc-groups-prefix'] } }),
    },
    claimValidationRules: requiredClaims(flags),
  }
}

function oidcIssuers(flags: ApiServerFlags, given: ReadonlySet<string>): readonly JwtSettings[] {
  const isSet = [...given].some((flag) => flag.startsWith('oidc-'))
  if (!isSet) return []
  if (flags['oidc-issuer-url'] === '' || flags['oidc-client-id'] === '') {
    throw new FlagError(
      'oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set',
    )
  }
  const chosen = flags['oidc-signing-algs']
  const algorithms = chosen.length === 0 ? ['RS256'] : chosen
  const unknown = algorithms.find((algorithm) => !allAlgorithms.includes(algorithm))
  if (unknown !== undefined) throw new FlagError(`oidc: unsupported signing alg: "${unknown}"`)
  const errors: FieldError[] = []
  const rules = { algorithms, disallowedIssuers: flags['service-account-issuer'] }
  const issuers = readIssuers([issuerOfFlags(flags)], rules, errors)
  if (errors.length > 0)
    throw new FlagError(`invalid authentication configuration: ${aggregateFields(errors)}`)
  return issuers
}

interface FromFile {
  readonly config: AuthenticationConfig
  readonly jwt: AuthenticationOptions['jwt']
}

function fromFile(path: string, flags: ApiServerFlags, given: ReadonlySet<string>): FromFile {
  if ([...given].some((flag) => flag.startsWith('oidc-')))
    throw new FlagError('authentication-config file and oidc-* flags are mutually exclusive')
  const text = readFlagFile('authentication-config', path) ?? ''
  const rules = { algorithms: allAlgorithms, disallowedIssuers: flags['service-account-issuer'] }
  try {
    const config = authenticationConfig(text, rules)
    const parse = (changed: string): readonly JwtSettings[] =>
      authenticationConfig(changed, rules, config).jwt
    return { config, jwt: { issuers: config.jwt, file: { path, text, parse } } }
  } catch (error) {
    throw new FlagError(
      `failed to load authentication configuration from file "${path}": ${messageOf(error)}`,
    )
  }
}

function anonymousAccess(
  flags: ApiServerFlags,
  given: ReadonlySet<string>,
  isOpen: boolean,
  ofFile: AnonymousAccess | undefined,
): AnonymousAccess {
  if (ofFile === undefined) return { enabled: flags['anonymous-auth'] && !isOpen }
  if (given.has('anonymous-auth')) {
    throw new FlagError(
      'anonymous: Forbidden: --anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
    )
  }
  return ofFile
}

/** Who is let in, as the flags say it. `isOpen`: they let everybody do everything. Throws FlagError in upstream's words. */
export function authenticationOptions(
  flags: ApiServerFlags,
  given: ReadonlySet<string>,
  isOpen: boolean,
): AuthenticationOptions {
  const path = flags['authentication-config']
  const file = path === undefined ? undefined : fromFile(path, flags, given)
  const tokenFile = flags['token-auth-file']
  const tokens = readFlagFile('token-auth-file', tokenFile)
  const webhook = tokenWebhook(flags)
  return {
    anonymous: anonymousAccess(flags, given, isOpen, file?.config.anonymous),
    tokens: tokens === undefined ? [] : [new StaticTokens(tokenFile ?? '', tokens)],
    bootstrapTokens: flags['enable-bootstrap-token-auth'],
    jwt: file?.jwt ?? { issuers: oidcIssuers(flags, given) },
    ...(webhook === undefined ? {} : { tokenWebhook: webhook }),
  }
}
