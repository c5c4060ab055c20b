import { isDns1123Label, isDns1123Subdomain } from '../../apimachinery/names.ts'

/** Names that the API server itself gives meaning to (`user.Info`'s well-known ones). */
export const anonymousUser = 'system:anonymous'
export const authenticatedGroup = 'system:authenticated'
export const unauthenticatedGroup = 'system:unauthenticated'
export const mastersGroup = 'system:masters'
export const nodesGroup = 'system:nodes'
export const nodeUserPrefix = 'system:node:'

/** Key of `extra` that says which credential was used. */
export const credentialIdKey = 'authentication.kubernetes.io/credential-id'

/** What says it of a token that has an id. */
export const credentialIdOf = (jti: string): string => `JTI=${jti}`

const serviceAccountPrefix = 'system:serviceaccount:'

export const serviceAccountUser = (namespace: string, name: string): string =>
  `${serviceAccountPrefix}${namespace}:${name}`

export const serviceAccountGroups = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
]

export interface ServiceAccountName {
  readonly namespace: string
  readonly name: string
}

/** The service account behind a user's name, undefined for any other user. */
export function serviceAccountOf(userName: string): ServiceAccountName | undefined {
  if (!userName.startsWith(serviceAccountPrefix)) return undefined
  const parts = userName.slice(serviceAccountPrefix.length).split(':')
  const [namespace, name] = parts
  if (parts.length !== 2 || namespace === undefined || name === undefined) return undefined
  const fits = isDns1123Label(namespace).length === 0 && isDns1123Subdomain(name).length === 0
  return fits ? { namespace, name } : undefined
}

/** The node behind a user's name, undefined for any other user. */
export function nodeOf(userName: string): string | undefined {
  if (!userName.startsWith(nodeUserPrefix)) return undefined
  const name = userName.slice(nodeUserPrefix.length)
  return isDns1123Subdomain(name).length === 0 ? name : undefined
}
