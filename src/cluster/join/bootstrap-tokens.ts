import {
  bootstrapTokenEndMs,
  bootstrapTokenNamespace,
  bootstrapTokenType,
  isBootstrapToken,
} from '../../api/core/secret/bootstrap-token.ts'
import { Secret } from '../../api/core/secret/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { decodeBase64, encodeBase64 } from '../../base/base64.ts'
import type { Host } from '../../base/host.ts'
import type { Client } from '../../client/client.ts'

/** kubeadm's: whose members may ask for a node's certificate. */
export const nodeTokenGroup = 'system:bootstrappers:kubeadm:default-node-token'

export const tokenPattern = '\\A([a-z0-9]{6})\\.([a-z0-9]{16})\\z'
const tokenIdPattern = '\\A([a-z0-9]{6})\\z'
const tokenForm = /^([a-z0-9]{6})\.([a-z0-9]{16})$/

export interface Token {
  readonly id: string
  readonly secret: string
}

/** Throws for what is none, with kubeadm's text. */
export function parseToken(text: string): Token {
  const [, id, secret] = tokenForm.exec(text) ?? []
  if (id === undefined || secret === undefined)
    throw new Error(`the bootstrap token "${text}" was not of the form "${tokenPattern}"`)
  return { id, secret }
}

export const tokenText = ({ id, secret }: Token): string => `${id}.${secret}`

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
/** Bytes above the largest multiple would make some letters likelier. */
const evenBelow = 256 - (256 % letters.length)

function randomText(length: number, host: Pick<Host, 'randomBytes'>): string {
  let text = ''
  while (text.length < length) {
    const even = [...host.randomBytes(length)].filter((byte) => byte < evenBelow)
    text += even.map((byte) => letters.charAt(byte % letters.length)).join('')
  }
  return text.slice(0, length)
}

/** `abcdef.0123456789abcdef`, that nobody can guess. */
export const newToken = (host: Pick<Host, 'randomBytes'>): Token => ({
  id: randomText(6, host),
  secret: randomText(16, host),
})

export interface TokenSettings {
  /** 0: for good. */
  readonly ttlMs: number
  /** Of `signing` and `authentication`. */
  readonly usages: readonly string[]
  readonly groups: readonly string[]
  readonly description?: string | undefined
}

const secretName = ({ id }: Pick<Token, 'id'>): string => `bootstrap-token-${id}`
const encoded = (text: string): string => encodeBase64(new TextEncoder().encode(text))

/** The Secret that holds a token. */
export function tokenSecret(token: Token, settings: TokenSettings, nowMs: number): core.v1.Secret {
  const { ttlMs, usages, groups, description = '' } = settings
  const entries = {
    'token-id': token.id,
    'token-secret': token.secret,
    ...(description === '' ? {} : { description }),
    ...(ttlMs === 0 ? {} : { expiration: formatTime(nowMs + ttlMs) }),
    ...Object.fromEntries(usages.map((usage) => [`usage-bootstrap-${usage}`, 'true'])),
    ...(groups.length === 0 ? {} : { 'auth-extra-groups': [...groups].sort().join(',') }),
  }
  return {
    metadata: { name: secretName(token), namespace: bootstrapTokenNamespace },
    type: bootstrapTokenType,
    data: Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, encoded(value)])),
  }
}

/** Rejects with the API server's answer, as where the token is there already. */
export async function createToken(client: Client, secret: core.v1.Secret): Promise<void> {
  await client.resource(Secret).create(secret)
}

export interface ListedToken {
  readonly token: string
  /** Undefined: never. */
  readonly endMs: number | undefined
  readonly usages: readonly string[]
  readonly description: string
  readonly groups: readonly string[]
}

/** What a Secret says of its token. */
export function listedToken(secret: core.v1.Secret): ListedToken {
  const text = (key: string): string => new TextDecoder().decode(decodeBase64(secret.data?.[key] ?? ''))
  const prefix = 'usage-bootstrap-'
  const usages = Object.keys(secret.data ?? {}).filter(
    (key) => key.startsWith(prefix) && text(key) === 'true',
  )
  return {
    token: `${text('token-id')}.${text('token-secret')}`,
    endMs: bootstrapTokenEndMs(secret),
    usages: usages.map((key) => key.slice(prefix.length)).sort(),
    description: text('description'),
    groups: text('auth-extra-groups')
      .split(',')
      .filter((group) => group !== ''),
  }
}

export async function listTokens(client: Client): Promise<readonly ListedToken[]> {
  const { items } = await client
    .resource(Secret)
    .list({ namespace: bootstrapTokenNamespace, fieldSelector: `type=${bootstrapTokenType}` })
  return items.filter(isBootstrapToken).map(listedToken)
}

/** Deletes a token that is named by its whole text or its first six letters; gives those. */
export async function deleteToken(client: Client, text: string): Promise<string> {
  const id = /^[a-z0-9]{6}$/.test(text) ? text : tokenForm.exec(text)?.[1]
  if (id === undefined)
    throw new Error(`given token didn't match pattern "${tokenPattern}" or "${tokenIdPattern}"`)
  await client.resource(Secret).delete(bootstrapTokenNamespace, secretName({ id }))
  return id
}
