import type { core } from '../../api/generated/types/index.ts'
import { decodeBase64 } from '../../base/base64.ts'
import { textOf } from '../../base/text-of.ts'
import type { AuthConfig } from '../runtime/messages.ts'

/** What to log in to a registry with, and whose that is; the node's own is of neither. */
export interface PullCredential {
  readonly auth: AuthConfig
  readonly secret?: core.v1.Secret
  /** In whose name a credential provider gave it. */
  readonly account?: core.v1.ServiceAccount
}

/** A credential, and the registries or images that it is for. */
export interface CredentialEntry extends PullCredential {
  readonly key: string
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function entriesOf(secret: core.v1.Secret): readonly CredentialEntry[] {
  const json = secret.data?.['.dockerconfigjson']
  const encoded = json ?? secret.data?.['.dockercfg']
  if (encoded === undefined) return []
  const text = new TextDecoder().decode(decodeBase64(encoded))
  return dockerConfigEntries(text, json !== undefined).map((entry) => ({ ...entry, secret }))
}

/** What a docker configuration holds: `config.json`, or the older `.dockercfg` without `auths`; nothing where it cannot be read. */
export function dockerConfigEntries(json: string, hasAuths: boolean): readonly CredentialEntry[] {
  try {
    const parsed = record(JSON.parse(json))
    const auths = hasAuths ? record(parsed['auths']) : parsed
    return Object.entries(auths).map(([key, value]) => ({ key, auth: authOf(record(value)) }))
  } catch {
    return []
  }
}

function authOf(entry: Readonly<Record<string, unknown>>): AuthConfig {
  if (textOf(entry.auth) === '') {
    return { username: textOf(entry.username), password: textOf(entry.password) }
  }
  const decoded = new TextDecoder().decode(decodeBase64(textOf(entry.auth)))
  const colon = decoded.indexOf(':')
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}

/** `https://host:port/path/` as `host:port/path`; Docker Hub's old index is the hub. */
function normalized(key: string): string {
  const bare = key.replace(/^https?:\/\//, '').replace(/\/+$/, '')
  if (bare === 'index.docker.io' || bare === 'index.docker.io/v1') return 'docker.io'
  return bare.replace(/\/v[12]$/, '')
}

/** Whether what is for `key` is for a repository: host parts may hold `*`; a path must be a prefix. */
export function isForImage(key: string, repository: string): boolean {
  const [keyHost = '', ...keyPath] = normalized(key).split('/')
  const [host = '', ...path] = repository.split('/')
  const keyParts = keyHost.split('.')
  const parts = host.split('.')
  if (keyParts.length !== parts.length) return false
  const hostMatches = keyParts.every((part, index) => {
    const pattern = part.split('*').map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^${pattern.join('.*')}$`).test(parts[index] ?? '')
  })
  return hostMatches && path.join('/').startsWith(keyPath.join('/'))
}

const fitting = (entries: readonly CredentialEntry[], repository: string): readonly PullCredential[] =>
  entries
    .filter(({ key }) => isForImage(key, repository))
    .sort((a, b) => normalized(b.key).length - normalized(a.key).length)

/** Credentials that fit a repository, the most specific first, a pod's own before the node's. */
export const pullCredentials = (
  secrets: readonly core.v1.Secret[],
  repository: string,
  ofNode: readonly CredentialEntry[] = [],
): readonly PullCredential[] => [
  ...fitting(secrets.flatMap(entriesOf), repository),
  ...fitting(ofNode, repository),
]
