import type { MaybePromise } from '../authenticator.ts'
import type { Authorizer, AuthorizerAttributes, AuthorizerDecision, UserRules } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'
import { aggregate } from './rbac-authorizer.ts'

/** Several authorizers in their order: the first that allows or denies decides. */
export class UnionAuthorizer implements Authorizer {
  readonly #authorizers: readonly Authorizer[]

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers
  }

  authorize(attributes: AuthorizerAttributes): MaybePromise<AuthorizerDecision> {
    const reasons: string[] = []
    for (const [position, authorizer] of this.#authorizers.entries()) {
      const decided = authorizer.authorize(attributes)
      if (decided instanceof Promise) return this.#authorizeLater(attributes, decided, position, reasons)
      if (decided.decision !== 'no-opinion') return decided
      if (decided.reason !== '') reasons.push(decided.reason)
    }
    return { decision: 'no-opinion', reason: reasons.join('\n') }
  }

  async #authorizeLater(
    attributes: AuthorizerAttributes,
    pending: Promise<AuthorizerDecision>,
    position: number,
    reasons: string[],
  ): Promise<AuthorizerDecision> {
    let decided = await pending
    for (const authorizer of this.#authorizers.slice(position + 1)) {
      if (decided.decision !== 'no-opinion') return decided
      if (decided.reason !== '') reasons.push(decided.reason)
      decided = await authorizer.authorize(attributes)
    }
    if (decided.decision !== 'no-opinion') return decided
    if (decided.reason !== '') reasons.push(decided.reason)
    return { decision: 'no-opinion', reason: reasons.join('\n') }
  }

  async rulesFor(user: UserInfo, namespace: string): Promise<UserRules> {
    const all = await Promise.all(this.#authorizers.map((authorizer) => authorizer.rulesFor(user, namespace)))
    return {
      resourceRules: all.flatMap((rules) => rules.resourceRules),
      nonResourceRules: all.flatMap((rules) => rules.nonResourceRules),
      incomplete: all.some((rules) => rules.incomplete),
      evaluationError: aggregate(all.map((rules) => rules.evaluationError).filter((error) => error !== '')),
    }
  }
}
