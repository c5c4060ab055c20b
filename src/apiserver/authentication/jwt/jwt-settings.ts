import type { Program } from '../../../apimachinery/cel/index.ts'

/** An expression over claims or over a user, compiled. */
export interface IdentityExpression {
  readonly text: string
  readonly program: Program
}

export interface IdentityRule extends IdentityExpression {
  /** Told where it is false. */
  readonly message: string
}

/** Where a part of a user comes from. */
export type ClaimSource =
  | { readonly claim: string; readonly prefix: string }
  | { readonly expression: IdentityExpression }

/** An issuer of tokens, and how its claims become users (`JWTAuthenticator`). */
export interface JwtSettings {
  readonly issuerUrl: string
  /** Where its configuration is, if not under its own URL. */
  readonly discoveryUrl?: string
  /** PEM; absent: the system's authorities. */
  readonly certificateAuthority?: string
  /** A token is for at least one of them. At least one. */
  readonly audiences: readonly string[]
  /** Names of JWS' algorithms. */
  readonly algorithms: readonly string[]
  readonly username: ClaimSource
  readonly groups?: ClaimSource
  readonly uid?: ClaimSource
  readonly extra: readonly { readonly key: string; readonly expression: IdentityExpression }[]
  readonly requiredClaims: ReadonlyMap<string, string>
  readonly claimRules: readonly IdentityRule[]
  readonly userRules: readonly IdentityRule[]
}
