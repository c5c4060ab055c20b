import type { JsonWebKey } from '../../base/signature.ts'

export type TokenAlgorithm = 'ES256' | 'RS256'

/** The keys behind service-account tokens, kept by whoever has the cryptography. */
export interface TokenKeys {
  readonly algorithm: TokenAlgorithm
  /** Of the signing key. */
  readonly keyId: string
  /** Signatures are JWS's (for ES256 the two numbers one after another). */
  sign(data: Uint8Array): Uint8Array
  /** False for a key that is unknown, too. Without an ID all keys are tried. */
  verify(keyId: string | undefined, algorithm: string, data: Uint8Array, signature: Uint8Array): boolean
  /** For OpenID Connect discovery. */
  readonly publicKeys: readonly JsonWebKey[]
}
