import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const parse = (text = ''): Readonly<Record<string, unknown>> =>
  JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))

export interface TokenParts {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
  readonly signature: string
}

export function partsOf(token: string): TokenParts {
  const [header, payload, signature = ''] = token.split('.')
  return { header: parse(header), payload: parse(payload), signature }
}

/** Put together with a signature that belongs to something else. */
export const reassembled = ({ header, payload, signature }: TokenParts): string =>
  `${part(header)}.${part(payload)}.${signature}`

/** Signed anew, with the cluster's own key or another. */
export function signedBy(key: string | KeyObject, header: object, payload: object): string {
  const text = `${part(header)}.${part(payload)}`
  const privateKey = typeof key === 'string' ? createPrivateKey(key) : key
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

/** As if a public key were a shared secret: libraries that let a token choose its algorithm believe it. */
export function signedByHmac(secret: string, header: object, payload: object): string {
  const text = `${part({ ...header, alg: 'HS256' })}.${part(payload)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

export const strangersKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
