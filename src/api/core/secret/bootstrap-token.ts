import { parseTime } from '../../../apimachinery/time.ts'
import { decodeBase64 } from '../../../base/base64.ts'
import type { core } from '../../generated/types/index.ts'

type Secret = core.v1.Secret

/** Tokens that nodes join a cluster with (https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/). */
export const bootstrapTokenType = 'bootstrap.kubernetes.io/token'
export const bootstrapTokenNamespace = 'kube-system'

const secretName = /^bootstrap-token-([a-z0-9]{6})$/

export const isBootstrapToken = ({ type, metadata }: Secret): boolean =>
  type === bootstrapTokenType && metadata?.namespace === bootstrapTokenNamespace

const dataOf = ({ data }: Secret, key: string): string => {
  const value = data?.[key]
  return value === undefined ? '' : new TextDecoder().decode(decodeBase64(value))
}

/** When the token ends; undefined: never. A time that nobody can read has passed. */
export function bootstrapTokenEndMs(secret: Secret): number | undefined {
  const text = dataOf(secret, 'expiration')
  return text === '' ? undefined : (parseTime(text) ?? Number.NEGATIVE_INFINITY)
}

/** The parts of a token that is good for `usage` now; undefined where it is not. */
export function usableToken(
  secret: Secret,
  usage: 'signing' | 'authentication',
  nowMs: number,
): { readonly id: string; readonly secret: string } | undefined {
  const id = secretName.exec(secret.metadata?.name ?? '')?.[1]
  const value = dataOf(secret, 'token-secret')
  const endMs = bootstrapTokenEndMs(secret)
  const isOver = endMs !== undefined && endMs <= nowMs
  if (id === undefined || id !== dataOf(secret, 'token-id') || value === '' || isOver) return undefined
  return dataOf(secret, `usage-bootstrap-${usage}`) === 'true' ? { id, secret: value } : undefined
}

const defaultGroup = 'system:bootstrappers'
const extraGroup = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

/** The groups of who comes with the token; undefined where one may not be given so. */
export function bootstrapTokenGroups(secret: Secret): readonly string[] | undefined {
  const extra = dataOf(secret, 'auth-extra-groups')
  if (extra === '') return [defaultGroup]
  const groups = extra.split(',')
  if (!groups.every((group) => extraGroup.test(group))) return undefined
  return [...new Set([defaultGroup, ...groups])].sort()
}
