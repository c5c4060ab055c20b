import type { MaybePromise } from '../authenticator.ts'
import type { Authorizer, AuthorizerAttributes, AuthorizerDecision, UserRules } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'

/** An authorizer that a new configuration replaces while requests are under way. */
export class ReplaceableAuthorizer implements Authorizer {
  current: Authorizer

  constructor(first: Authorizer) {
    this.current = first
  }

  authorize(attributes: AuthorizerAttributes): MaybePromise<AuthorizerDecision> {
    return this.current.authorize(attributes)
  }

  rulesFor(user: UserInfo, namespace: string): MaybePromise<UserRules> {
    return this.current.rulesFor(user, namespace)
  }
}
