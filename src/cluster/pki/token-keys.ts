import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { TokenAlgorithm, TokenKeys } from '../../apiserver/authentication/token-keys.ts'
import type { JsonWebKey } from '../../base/signature.ts'

/** Upstream's `keyIDFromPublicKey`: the hash of the key's DER, in URL base64. */
const keyIdOf = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')

const algorithmOf = (key: KeyObject): TokenAlgorithm => (key.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256')

/** JWS wants an ECDSA signature as two numbers one after another, not as DER. */
const signatureForm = { dsaEncoding: 'ieee-p1363' } as const

function jsonWebKey(publicKey: KeyObject): JsonWebKey {
  const parts: JsonWebKey = Object.fromEntries(
    Object.entries(publicKey.export({ format: 'jwk' })).map(([name, value]) => [name, String(value)]),
  )
  return { use: 'sig', kid: keyIdOf(publicKey), alg: algorithmOf(publicKey), ...parts }
}

/**
 * Signs with `privateKeyPem` (an RSA or a P-256 key) and verifies with it and with `olderPublicKeysPem`, so that
 * tokens outlive a change of the key.
 */
export function tokenKeys(privateKeyPem: string, olderPublicKeysPem: readonly string[] = []): TokenKeys {
  const privateKey = createPrivateKey(privateKeyPem)
  const current = createPublicKey(privateKey)
  const all = [current, ...olderPublicKeysPem.map((pem) => createPublicKey(pem))]
  const byId = new Map(all.map((key) => [keyIdOf(key), key]))
  return {
    algorithm: algorithmOf(privateKey),
    keyId: keyIdOf(current),
    sign: (data) => sign('sha256', data, { key: privateKey, ...signatureForm }),
    verify: (keyId, algorithm, data, signature) => {
      const one = keyId === undefined ? undefined : byId.get(keyId)
      const candidates = keyId === undefined ? all : one === undefined ? [] : [one]
      return candidates.some(
        (key) =>
          algorithmOf(key) === algorithm && verify('sha256', data, { key, ...signatureForm }, signature),
      )
    },
    publicKeys: all.map(jsonWebKey),
  }
}
