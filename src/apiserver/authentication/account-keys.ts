import type { JsonWebKey } from '../../base/signature.ts'
import { signToken } from './jwt.ts'
import type { TokenKeys } from './token-keys.ts'

/** Who signs service-account tokens, and by which keys they are verified: this process, or a signer outside of it. */
export interface AccountKeys {
  /** The token of these claims. Throws or rejects with an Error. */
  sign(claims: object): string | Promise<string>
  /** False for a key that is unknown, too. Without an ID all keys are tried. */
  verify(keyId: string | undefined, algorithm: string, data: Uint8Array, signature: Uint8Array): boolean
  /** Asks for a key that is unknown; undefined where there are no others than those that are known. */
  lookFor(keyId: string | undefined): Promise<void> | undefined
  /** Another one whenever keys have changed: what was verified before has to be verified again. */
  readonly revision: number
  /** For OpenID Connect discovery; another list whenever keys have changed. */
  readonly publicKeys: readonly JsonWebKey[]
  /** For how long others may keep those. */
  readonly maxAgeSeconds: number
}

/** Upstream's; a key must be published that long before it signs. */
const maxAgeSeconds = 3600

/** Keys of this process, which never change. */
export const accountKeys = (keys: TokenKeys): AccountKeys => ({
  sign: (claims) => signToken(claims, keys),
  verify: keys.verify,
  lookFor: () => undefined,
  revision: 0,
  publicKeys: keys.publicKeys,
  maxAgeSeconds,
})
