/** Something that is said to be signed. */
export interface Signed {
  /** Its SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
  readonly scheme: 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa' | 'ed25519'
  readonly hash: 'sha256' | 'sha384' | 'sha512'
  readonly data: Uint8Array
  readonly signature: Uint8Array
}

/** Whether the signature is the key's. False also for a key of another sort. */
export type VerifySignature = (signed: Signed) => boolean

/** A public key as RFC 7517 writes it. */
export type JsonWebKey = Readonly<Record<string, string>>

/** Whether a key signed `data` by an algorithm of JWS (RFC 7518 §3.1). False for keys and algorithms that do not go together. */
export type VerifyJws = (
  key: JsonWebKey,
  algorithm: string,
  data: Uint8Array,
  signature: Uint8Array,
) => boolean
