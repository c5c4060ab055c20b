import type { JwtSettings } from '../../apiserver/authentication/jwt/jwt-settings.ts'
import type { AnonymousAccess } from '../../apiserver/authentication/request-authenticator.ts'
import type { TokenAuthenticator } from '../../apiserver/authentication/token-authenticator.ts'
import type { AbacAuthorizer } from '../../apiserver/authorization/abac-authorizer.ts'
import type { WebhookSettings } from '../../apiserver/authorization/webhook-authorizer.ts'
import type { OutsideTrust } from '../../apiserver/outside/outside-caller.ts'
import type { ConfigFile } from './config-file.ts'

/** Authorizers of which there is at most one, and which need nothing but the cluster. */
export const plainAuthorizers = ['AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC'] as const

export type AuthorizerChoice =
  | { readonly type: (typeof plainAuthorizers)[number]; readonly name: string }
  | { readonly type: 'ABAC'; readonly name: string }
  | {
      readonly type: 'Webhook'
      readonly name: string
      readonly settings: WebhookSettings
      readonly trust: OutsideTrust
    }

export interface AuthorizationOptions {
  /** Asked in this order. */
  readonly authorizers: readonly AuthorizerChoice[]
  /** Of `ABAC`. */
  readonly abac?: AbacAuthorizer
  /** Where `authorizers` come from, if it is a file that may change. */
  readonly file?: ConfigFile<readonly AuthorizerChoice[]>
}

/** A server of the administrator's that is asked whose a token is. */
export interface TokenWebhook {
  readonly url: string
  readonly trust: OutsideTrust
  readonly reviewVersion: 'v1' | 'v1beta1'
  readonly lifeMs: number
}

export interface AccessOptions {
  /** Who may come without a credential. */
  readonly anonymous: AnonymousAccess
  readonly authorization: AuthorizationOptions
  /** Of a file; beside those of service accounts. */
  readonly tokens: readonly TokenAuthenticator[]
  /** Whether nodes that join may come with a token of a Secret. */
  readonly bootstrapTokens: boolean
  /** Issuers of OpenID Connect tokens; where from, if it is a file that may change. */
  readonly jwt: {
    readonly issuers: readonly JwtSettings[]
    readonly file?: ConfigFile<readonly JwtSettings[]>
  }
  readonly tokenWebhook?: TokenWebhook
}

/** What a cluster's own server does. */
export const defaultAccess: AccessOptions = {
  anonymous: { enabled: true },
  authorization: {
    authorizers: [
      { type: 'Node', name: 'node' },
      { type: 'RBAC', name: 'rbac' },
    ],
  },
  tokens: [],
  bootstrapTokens: true,
  jwt: { issuers: [] },
}
