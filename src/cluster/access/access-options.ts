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

export interface AccessOptions {
  /** Whether requests without a credential are `system:anonymous`. */
  readonly anonymous: boolean
  readonly authorization: AuthorizationOptions
  /** Beside those of service accounts. */
  readonly tokens: readonly TokenAuthenticator[]
}

/** What a cluster's own server does. */
export const defaultAccess: AccessOptions = {
  anonymous: true,
  authorization: {
    authorizers: [
      { type: 'Node', name: 'node' },
      { type: 'RBAC', name: 'rbac' },
    ],
  },
  tokens: [],
}
