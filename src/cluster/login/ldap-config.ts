import { readFileSync } from 'node:fs'
import { defined } from '../../base/defined.ts'
import { filterComplaint } from '../../login/ldap/ldap-directory.ts'
import type { LdapSecurity, LdapSettings } from '../../login/ldap/ldap-settings.ts'
import { booleanOf, durationOf, type Fields, only, textOf } from '../components/config-fields.ts'
import { FlagError } from '../components/flags/parse-flags.ts'
import { readFlagFile } from '../components/read-pem.ts'

const defaultTimeoutMs = 5_000
const maxTimeoutMs = 60_000

/** What an ordinary server and Active Directory call things. */
const presets = {
  LDAP: {
    users: {
      filter: '(&(objectClass=person)(uid={username}))',
      usernameAttribute: 'uid',
      idAttribute: 'entryUUID',
      nameAttribute: 'cn',
      emailAttribute: 'mail',
    },
    groups: { filter: '(&(objectClass=groupOfNames)(member={dn}))', nameAttribute: 'cn' },
  },
  ActiveDirectory: {
    users: {
      // Not those that are disabled (ADS_UF_ACCOUNTDISABLE).
      filter:
        '(&(objectCategory=person)(objectClass=user)(sAMAccountName={username})(!(userAccountControl:1.2.840.113556.1.4.803:=2)))',
      usernameAttribute: 'sAMAccountName',
      idAttribute: 'objectGUID',
      nameAttribute: 'displayName',
      emailAttribute: 'mail',
    },
    // LDAP_MATCHING_RULE_IN_CHAIN: groups of groups, too.
    groups: {
      filter: '(&(objectClass=group)(member:1.2.840.113556.1.4.1941:={dn}))',
      nameAttribute: 'sAMAccountName',
    },
  },
} as const

type Preset = (typeof presets)[keyof typeof presets]

function placeOf(fields: Fields, where: string): Pick<LdapSettings, 'host' | 'port' | 'security'> {
  const url = URL.parse(textOf(fields, 'url') ?? '')
  const isLdap = url !== null && ['ldap:', 'ldaps:'].includes(url.protocol) && url.hostname !== ''
  if (!isLdap || !['', '/'].includes(url.pathname) || `${url.search}${url.hash}${url.username}` !== '')
    throw new FlagError(`${where}.url must be ldap://host:port or ldaps://host:port`)
  const isTls = url.protocol === 'ldaps:'
  const [startTls, inClear] = [
    booleanOf(fields, 'startTLS') ?? false,
    booleanOf(fields, 'allowCleartext') ?? false,
  ]
  if (isTls && (startTls || inClear))
    throw new FlagError(`${where}: startTLS and allowCleartext are for ldap://`)
  if (startTls && inClear) throw new FlagError(`${where}: startTLS and allowCleartext exclude each other`)
  if (!isTls && !startTls && !inClear)
    throw new FlagError(`${where}: passwords would go in clear: use ldaps://, startTLS or allowCleartext`)
  const security: LdapSecurity = isTls ? 'tls' : startTls ? 'starttls' : 'none'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return { host, port: Number(url.port) || (isTls ? 636 : 389), security }
}

function searcherOf(fields: Fields, where: string): LdapSettings['searcher'] {
  const [dn, file] = [textOf(fields, 'bindDN'), textOf(fields, 'bindPasswordFile')]
  if (dn === undefined && file === undefined) return undefined
  if (dn === undefined || dn === '' || file === undefined)
    throw new FlagError(`${where}: bindDN and bindPasswordFile go together`)
  const password = (): string => readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  if (password() === '') throw new FlagError(`${where}.bindPasswordFile: ${file} is empty`)
  return { dn, password }
}

function usersOf(value: unknown, where: string, { users }: Preset): LdapSettings['users'] {
  const fields = only(value, where, ['baseDN', ...Object.keys(users)])
  const baseDn = textOf(fields, 'baseDN') ?? ''
  if (baseDn === '') throw new FlagError(`${where}.baseDN must be given`)
  return {
    baseDn,
    filter: textOf(fields, 'filter') ?? users.filter,
    usernameAttribute: textOf(fields, 'usernameAttribute') ?? users.usernameAttribute,
    idAttribute: textOf(fields, 'idAttribute') ?? users.idAttribute,
    nameAttribute: textOf(fields, 'nameAttribute') ?? users.nameAttribute,
    emailAttribute: textOf(fields, 'emailAttribute') ?? users.emailAttribute,
  }
}

function groupsOf(value: unknown, where: string, { groups }: Preset): LdapSettings['groups'] {
  if (value === undefined || value === null) return undefined
  const fields = only(value, where, ['baseDN', 'filter', 'nameAttribute', 'nested'])
  const baseDn = textOf(fields, 'baseDN') ?? ''
  if (baseDn === '') throw new FlagError(`${where}.baseDN must be given`)
  return {
    baseDn,
    filter: textOf(fields, 'filter') ?? groups.filter,
    nameAttribute: textOf(fields, 'nameAttribute') ?? groups.nameAttribute,
    nested: booleanOf(fields, 'nested') ?? false,
  }
}

/** Reads a directory's `ldap`. Throws FlagError. */
export function ldapSettings(
  value: unknown,
  where: string,
  called: Pick<LdapSettings, 'name' | 'title'>,
): LdapSettings {
  const fields = only(value, where, [
    ...['url', 'startTLS', 'allowCleartext', 'certificateAuthorityFile', 'bindDN', 'bindPasswordFile'],
    ...['schema', 'users', 'groups', 'timeout'],
  ])
  const schema = textOf(fields, 'schema') ?? 'LDAP'
  if (schema !== 'LDAP' && schema !== 'ActiveDirectory')
    throw new FlagError(`${where}.schema must be LDAP or ActiveDirectory`)
  const preset = presets[schema]
  const timeoutMs = durationOf(fields, 'timeout') ?? defaultTimeoutMs
  if (timeoutMs <= 0 || timeoutMs > maxTimeoutMs)
    throw new FlagError(`${where}.timeout must be > 0s and <= 60s`)
  const settings = {
    ...called,
    ...placeOf(fields, where),
    users: usersOf(fields['users'], `${where}.users`, preset),
    timeoutMs,
    ...defined({
      certificateAuthority: readFlagFile(
        `${where}.certificateAuthorityFile`,
        textOf(fields, 'certificateAuthorityFile'),
      ),
      searcher: searcherOf(fields, where),
      groups: groupsOf(fields['groups'], `${where}.groups`, preset),
    }),
  }
  const complaint = filterComplaint(settings)
  if (complaint !== undefined) throw new FlagError(`${where}: ${complaint}`)
  return settings
}
