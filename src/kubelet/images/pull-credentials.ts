import type { core } from '../../api/generated/types/index.ts'
import { decodeBase64 } from '../../base/base64.ts'
import type { AuthConfig } from '../runtime/messages.ts'

interface Entry {
  readonly key: string
  readonly auth: AuthConfig
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function parseEntries(secret: core.v1.Secret): readonly Entry[] {
  const json = secret.data?.['.dockerconfigjson']
  const encoded = json ?? secret.data?.['.dockercfg']
  if (encoded === undefined) return []
  try {
    const parsed = record(JSON.parse(new TextDecoder().decode(decodeBase64(encoded))))
    const auths = json === undefined ? parsed : record(parsed.auths)
    return Object.entries(auths).map(([key, value]) => ({ key, auth: authOf(record(value)) }))
  } catch {
    return []
  }
}

function authOf(entry: Readonly<Record<string, unknown>>): AuthConfig {
  if (text(entry.auth) === '') {
    return { username: text(entry.username), password: text(entry.password) }
  }
  const decoded = new TextDecoder().decode(decodeBase64(text(entry.auth)))
  const colon = decoded.indexOf(':')
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}

/** `https://host:port/path/` as `host:port/path`; Docker Hub's old index is the hub. */
function normalized(key: string): string {
  const bare = key.replace(/^https?:\/\//, '').replace(/\/+$/, '')
  if (bare === 'index.docker.io' || bare === 'index.docker.io/v1') return 'docker.io'
  return bare.replace(/\/v[12]$/, '')
}

/** Host parts may hold `*`; a path must be a prefix. */
function matches(key: string, repository: string): boolean {
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

/** Credentials from image pull secrets that fit a repository, the most specific first. */
export function pullCredentials(
  secrets: readonly core.v1.Secret[],
  repository: string,
): readonly AuthConfig[] {
  return secrets
    .flatMap(parseEntries)
    .filter(({ key }) => matches(key, repository))
    .sort((a, b) => normalized(b.key).length - normalized(a.key).length)
    .map(({ auth }) => auth)
}
