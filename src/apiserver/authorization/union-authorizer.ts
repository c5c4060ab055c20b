import { aggregate } from '../../apimachinery/aggregate.ts'
import type { MaybePromise } from '../authenticator.ts'
import type { Authorizer, AuthorizerAttributes, AuthorizerDecision, UserRules } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'

/** What those without an opinion have said. */
class Opinions {
  readonly #reasons: string[] = []
  #errors: string[] | undefined

  /** True: it is decided. */
  add({ decision, reason, error }: AuthorizerDecision): boolean {
    if (decision !== 'no-opinion') return true
    if (reason !== '') this.#reasons.push(reason)
    if (error !== undefined) {
      this.#errors ??= []
      this.#errors.push(error)
    }
    return false
  }

  get all(): AuthorizerDecision {
    const undecided = { decision: 'no-opinion', reason: this.#reasons.join('\n') } as const
    return this.#errors === undefined ? undecided : { ...undecided, error: aggregate(this.#errors) }
  }
}

/** Several authorizers in their order: the first that allows or denies decides. */
export class UnionAuthorizer implements Authorizer {
  readonly #authorizers: readonly Authorizer[]

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers
  }

  authorize(attributes: AuthorizerAttributes): MaybePromise<AuthorizerDecision> {
    const opinions = new Opinions()
    for (const [position, authorizer] of this.#authorizers.entries()) {
      const decided = authorizer.authorize(attributes)
      if (decided instanceof Promise) return this.#authorizeLater(attributes, decided, position, opinions)
      if (opinions.add(decided)) return decided
    }
    return opinions.all
  }

  async #authorizeLater(
    attributes: AuthorizerAttributes,
    pending: Promise<AuthorizerDecision>,
    position: number,
    opinions: Opinions,
  ): Promise<AuthorizerDecision> {
    let decided = await pending
    if (opinions.add(decided)) return decided
    for (const authorizer of this.#authorizers.slice(position + 1)) {
      decided = await authorizer.authorize(attributes)
      if (opinions.add(decided)) return decided
    }
    return opinions.all
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
