import { parse } from 'yaml'
import type { TokenAlgorithm } from '../../apiserver/authentication/token-keys.ts'
import { LdapDirectory } from '../../login/ldap/ldap-directory.ts'
import type { LoginClient } from '../../login/oidc/authorization-request.ts'
import type { Directory } from '../../login/person.ts'
import { SamlDirectory } from '../../login/saml/saml-directory.ts'
import type { LoginSettings, UsedDirectory } from '../../login/settings.ts'
import {
  booleanOf,
  configObject,
  durationOf,
  type Fields,
  listOf,
  only,
  textOf,
  textsOf,
} from '../components/config-fields.ts'
import { FlagError } from '../components/flags/parse-flags.ts'
import { ldapSettings } from './ldap-config.ts'
import { samlSettings } from './saml-config.ts'

export interface LoginConfig {
  readonly settings: LoginSettings
  readonly algorithm: TokenAlgorithm
}

const version = ['login.timonel.dev/v1alpha1', 'LoginConfiguration'] as const
const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** For how long published keys may be kept. */
const keysMaxAgeMs = 10 * minuteMs
/** By which clocks may differ. */
const clockSkewMs = 5 * minuteMs
/** In tokens, URLs and what identity providers bring back. */
const nameForm = /^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/

/** Throws FlagError for a time outside of what makes sense. */
function durationBetween(
  fields: Fields,
  name: string,
  fallbackMs: number,
  [least, most]: readonly [number, number],
): number {
  const ms = durationOf(fields, name) ?? fallbackMs
  if (ms >= least && ms <= most) return ms
  throw new FlagError(`${name} must be between ${least / minuteMs}m and ${most / hourMs}h`)
}

function issuerOf(fields: Fields): string {
  const text = textOf(fields, 'issuer') ?? ''
  const url = URL.parse(text)
  const isPlain =
    url !== null &&
    url.protocol === 'https:' &&
    `${url.username}${url.password}${url.search}${url.hash}` === ''
  if (!isPlain || text.endsWith('/'))
    throw new FlagError('issuer must be a https URL without user, query, fragment and slash at its end')
  return text
}

function clientOf(value: unknown, index: number): LoginClient {
  const where = `clients[${index}]`
  const fields = only(value, where, ['id', 'redirectURIs', 'passwordGrant'])
  const [id, redirectUris = []] = [textOf(fields, 'id') ?? '', textsOf(fields, 'redirectURIs')]
  if (id === '') throw new FlagError(`${where}.id must be given`)
  for (const uri of redirectUris) {
    const url = URL.parse(uri)
    const isLocal = url !== null && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
    const isFit =
      url !== null && url.hash === '' && (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal))
    if (!isFit) throw new FlagError(`${where}.redirectURIs must be https, or http on this machine: ${uri}`)
  }
  return { id, redirectUris, passwordGrant: booleanOf(fields, 'passwordGrant') ?? false }
}

function directoryOf(value: unknown, index: number, issuer: string): UsedDirectory {
  const where = `directories[${index}]`
  const fields = only(value, where, ['name', 'title', 'prefix', 'ldap', 'saml'])
  const name = textOf(fields, 'name') ?? ''
  if (!nameForm.test(name)) throw new FlagError(`${where}.name must be small letters, digits and dashes`)
  const called = { name, title: textOf(fields, 'title') ?? name }
  const [ldap, saml] = [fields['ldap'] ?? undefined, fields['saml'] ?? undefined]
  if ((ldap === undefined) === (saml === undefined)) throw new FlagError(`${where} must have ldap or saml`)
  const directory: Directory =
    ldap === undefined
      ? new SamlDirectory(samlSettings(saml, `${where}.saml`, called, issuer))
      : new LdapDirectory(ldapSettings(ldap, `${where}.ldap`, called))
  return { directory, prefix: textOf(fields, 'prefix') ?? '' }
}

function repeated(values: readonly string[]): string | undefined {
  return values.find((value, index) => values.indexOf(value) < index)
}

function directoriesOf(fields: Fields, issuer: string): ReadonlyMap<string, UsedDirectory> {
  const all = (listOf(fields, 'directories') ?? []).map((value, index) => directoryOf(value, index, issuer))
  if (all.length === 0) throw new FlagError('directories must have at least one')
  const name = repeated(all.map(({ directory }) => directory.name))
  if (name !== undefined) throw new FlagError(`there are two directories ${name}`)
  const prefix = repeated(all.map((each) => each.prefix))
  // The same name of two directories would be one user.
  if (prefix !== undefined)
    throw new FlagError(`two directories have the prefix ${JSON.stringify(prefix)}: give each its own`)
  return new Map(all.map((used) => [used.directory.name, used]))
}

/** Reads a LoginConfiguration. Throws FlagError, or an Error for what is no YAML. */
export function loginConfig(text: string, file: string): LoginConfig {
  const fields = configObject(parse(text), file, version, [
    ...[
      'issuer',
      'clients',
      'directories',
      'tokenLifetime',
      'sessionLifetime',
      'keyRotation',
      'signingAlgorithm',
    ],
  ])
  const issuer = issuerOf(fields)
  const clients = (listOf(fields, 'clients') ?? []).map(clientOf)
  if (clients.length === 0) throw new FlagError('clients must have at least one')
  const client = repeated(clients.map(({ id }) => id))
  if (client !== undefined) throw new FlagError(`there are two clients ${client}`)
  const algorithm = textOf(fields, 'signingAlgorithm') ?? 'RS256'
  if (algorithm !== 'RS256' && algorithm !== 'ES256')
    throw new FlagError('signingAlgorithm must be RS256 or ES256')
  const tokenLifeMs = durationBetween(fields, 'tokenLifetime', 10 * minuteMs, [minuteMs, 24 * hourMs])
  return {
    algorithm,
    settings: {
      issuer,
      clients: new Map(clients.map((each) => [each.id, each])),
      directories: directoriesOf(fields, issuer),
      tokenLifeMs,
      sessionLifeMs: durationBetween(fields, 'sessionLifetime', 12 * hourMs, [minuteMs, 90 * 24 * hourMs]),
      keysMaxAgeMs,
      keyTimes: {
        rotationMs: durationBetween(fields, 'keyRotation', 30 * 24 * hourMs, [hourMs, 366 * 24 * hourMs]),
        aheadMs: 2 * keysMaxAgeMs,
        behindMs: tokenLifeMs + clockSkewMs,
      },
    },
  }
}
