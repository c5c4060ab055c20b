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
