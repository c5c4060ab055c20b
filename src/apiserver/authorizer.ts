import type { FieldRequirement } from '../apimachinery/selectors/field-selector.ts'
import type { LabelRequirement } from '../apimachinery/selectors/label-requirement.ts'
import type { MaybePromise } from './authenticator.ts'
import type { UserInfo } from './request.ts'

/** A selector taken apart. What cannot be read is left out: the question only becomes broader, never narrower (KEP-4601). */
export interface SelectorAttributes<R> {
  readonly requirements: readonly R[]
  /** Why some of it is left out. */
  readonly error?: string
}

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
  /** Selectors as a request's parameters say them, or taken apart: `selector-attributes.ts` reads both. */
  readonly fieldSelector?: string | SelectorAttributes<FieldRequirement>
  readonly labelSelector?: string | SelectorAttributes<LabelRequirement>
}

/** `no-opinion` of the last authorizer means forbidden. `reason` goes into the answer (`… is forbidden: User "x" cannot …: reason`). */
export interface AuthorizerDecision {
  readonly decision: 'allow' | 'deny' | 'no-opinion'
  readonly reason: string
  /** An authorizer that could not be asked, or not understood. What is not allowed then is answered by 500. */
  readonly error?: string
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
