import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { JsonWebKey, VerifyJws } from '../signature.ts'

interface Algorithm {
  readonly hash: string
  readonly keyType: 'rsa' | 'ec'
  /** Of an elliptic curve. */
  readonly curve?: string
  readonly pss?: boolean
}

/** Asymmetric ones (RFC 7518 §3.1). */
const algorithms: ReadonlyMap<string, Algorithm> = new Map([
  ['RS256', { hash: 'sha256', keyType: 'rsa' }],
  ['RS384', { hash: 'sha384', keyType: 'rsa' }],
  ['RS512', { hash: 'sha512', keyType: 'rsa' }],
  ['PS256', { hash: 'sha256', keyType: 'rsa', pss: true }],
  ['PS384', { hash: 'sha384', keyType: 'rsa', pss: true }],
  ['PS512', { hash: 'sha512', keyType: 'rsa', pss: true }],
  ['ES256', { hash: 'sha256', keyType: 'ec', curve: 'prime256v1' }],
  ['ES384', { hash: 'sha384', keyType: 'ec', curve: 'secp384r1' }],
  ['ES512', { hash: 'sha512', keyType: 'ec', curve: 'secp521r1' }],
])

function keyOf(key: JsonWebKey, { keyType, curve }: Algorithm): KeyObject | undefined {
  try {
    const publicKey = createPublicKey({ key: { ...key }, format: 'jwk' })
    const fits =
      publicKey.asymmetricKeyType === keyType &&
      (curve === undefined || publicKey.asymmetricKeyDetails?.namedCurve === curve)
    return fits ? publicKey : undefined
  } catch {
    return undefined // what is no key signs nothing
  }
}

/** With Node's OpenSSL. */
export const verifyJws: VerifyJws = (key, algorithm, data, signature) => {
  const known = algorithms.get(algorithm)
  const publicKey = known === undefined ? undefined : keyOf(key, known)
  if (known === undefined || publicKey === undefined) return false
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  const form = known.keyType === 'ec' ? { dsaEncoding: 'ieee-p1363' as const } : known.pss ? pss : {}
  return verify(known.hash, data, { key: publicKey, ...form }, signature)
}
