import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { Signed } from '../signature.ts'

const keyTypes = { 'rsa-pkcs1': 'rsa', 'rsa-pss': 'rsa', ecdsa: 'ec', ed25519: 'ed25519' } as const

function keyOf({ publicKey, scheme }: Signed): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
    return key.asymmetricKeyType === keyTypes[scheme] ? key : undefined
  } catch {
    return undefined // what is no key signs nothing
  }
}

/** With Node's OpenSSL. */
export function verifySignature(signed: Signed): boolean {
  const { scheme, hash, data, signature } = signed
  const key = keyOf(signed)
  if (key === undefined) return false
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
  return verify(
    scheme === 'ed25519' ? null : hash,
    data,
    scheme === 'rsa-pss' ? { key, ...pss } : key,
    signature,
  )
}
