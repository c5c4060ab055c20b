import type { MaybePromise } from './authenticator.ts'
import type { UserInfo } from './request.ts'

/** What is to be allowed (`authorizer.Attributes`). Absent parts are ''. */
export interface AuthorizerAttributes {
  readonly user: UserInfo
  readonly verb: string
  readonly isResourceRequest: boolean
  /** For requests that are not about a resource. */
  readonly path: string
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly resource: string
  readonly subresource: string
  readonly name: string
  /** Selectors of the request as they were sent, for authorizers that look at them. */
  readonly fieldSelector?: string
  readonly labelSelector?: string
}

/** `no-opinion` of the last authorizer means forbidden. `reason` goes into the answer (`… is forbidden: User "x" cannot …: reason`). */
export interface AuthorizerDecision {
  readonly decision: 'allow' | 'deny' | 'no-opinion'
  readonly reason: string
}

export interface ResourceRule {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
}

export interface NonResourceRule {
  readonly verbs: readonly string[]
  readonly nonResourceURLs: readonly string[]
}

/** For SelfSubjectRulesReview. */
export interface UserRules {
  readonly resourceRules: readonly ResourceRule[]
  readonly nonResourceRules: readonly NonResourceRule[]
  readonly incomplete: boolean
  readonly evaluationError: string
}

export interface Authorizer {
  authorize(attributes: AuthorizerAttributes): MaybePromise<AuthorizerDecision>
  /** Everything the user may do in a namespace. */
  rulesFor(user: UserInfo, namespace: string): MaybePromise<UserRules>
}
