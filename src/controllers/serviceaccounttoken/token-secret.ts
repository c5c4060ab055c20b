import type { core } from '../../api/generated/types/index.ts'
import { encodeBase64 } from '../../base/base64.ts'

export type Secret = core.v1.Secret
export type ServiceAccount = core.v1.ServiceAccount

export const tokenType = 'kubernetes.io/service-account-token'
const nameAnnotation = 'kubernetes.io/service-account.name'
const uidAnnotation = 'kubernetes.io/service-account.uid'

/** Signs the claims of a token. */
export type SignClaims = (claims: Readonly<Record<string, string>>) => string

/** What tells a token's Secret, its service account, and both from others of their names. */
export interface TokenKey {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly account: string
  /** '' where the Secret does not say it yet. */
  readonly accountUid: string
}

export const keyOf = ({ metadata }: Secret): string =>
  [
    metadata?.namespace,
    metadata?.name,
    metadata?.uid,
    metadata?.annotations?.[nameAnnotation] ?? '',
    metadata?.annotations?.[uidAnnotation] ?? '',
  ].join('/')

export function parseKey(key: string): TokenKey {
  const [namespace = '', name = '', uid = '', account = '', accountUid = ''] = key.split('/')
  return { namespace, name, uid, account, accountUid }
}

export const isTokenOf = ({ metadata }: Secret, account: ServiceAccount): boolean => {
  const { [nameAnnotation]: name, [uidAnnotation]: uid = '' } = metadata?.annotations ?? {}
  return name === account.metadata?.name && (uid === '' || uid === account.metadata?.uid)
}

const encode = (text: string): string => encodeBase64(new TextEncoder().encode(text))

/** The Secret with everything that a token's has; the same one where nothing is missing. */
export function filledSecret(
  secret: Secret,
  account: ServiceAccount,
  rootCertificate: string,
  sign: SignClaims,
): Secret {
  const { namespace = '', name = '' } = secret.metadata ?? {}
  const { 'ca.crt': certificate, namespace: shown = '', token = '' } = secret.data ?? {}
  const authority = encode(rootCertificate)
  const needsAuthority = rootCertificate !== '' && certificate !== authority
  if (!needsAuthority && shown !== '' && token !== '') return secret
  const { name: accountName = '', uid: accountUid = '' } = account.metadata ?? {}
  const claims = (): Readonly<Record<string, string>> => ({
    iss: 'kubernetes/serviceaccount',
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': name,
    'kubernetes.io/serviceaccount/service-account.name': accountName,
    'kubernetes.io/serviceaccount/service-account.uid': accountUid,
    sub: `system:serviceaccount:${namespace}:${accountName}`,
  })
  return {
    ...secret,
    metadata: {
      ...secret.metadata,
      annotations: {
        ...secret.metadata?.annotations,
        [nameAnnotation]: accountName,
        [uidAnnotation]: accountUid,
      },
    },
    data: {
      ...secret.data,
      ...(needsAuthority ? { 'ca.crt': authority } : {}),
      namespace: shown === '' ? encode(namespace) : shown,
      token: token === '' ? encode(sign(claims())) : token,
    },
  }
}
