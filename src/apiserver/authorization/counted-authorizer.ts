import type { Metrics } from '../../base/metrics.ts'
import type { MaybePromise } from '../authenticator.ts'
import type { Authorizer, AuthorizerAttributes, AuthorizerDecision, UserRules } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'

/** Decisions of one authorizer; kept as plain numbers, because each request makes one, and told when metrics are asked for. */
interface Tally {
  allow: number
  deny: number
}

const shownAs = { allow: 'allowed', deny: 'denied' } as const

/** Counts what an authorizer decides (`apiserver_authorization_decisions_total`). */
export class CountedAuthorizer implements Authorizer {
  readonly #authorizer: Authorizer
  readonly #tally: Tally = { allow: 0, deny: 0 }

  constructor(authorizer: Authorizer, type: string, name: string, metrics: Metrics) {
    this.#authorizer = authorizer
    const decisions = metrics.counter({
      name: 'apiserver_authorization_decisions_total',
      help: 'Total number of terminal decisions made by an authorizer split by authorizer type, name, and decision.',
      labels: ['type', 'name', 'decision'],
    })
    const tally = this.#tally
    metrics.onCollect(() => {
      for (const decision of ['allow', 'deny'] as const) {
        if (tally[decision] > 0) decisions.inc([type, name, shownAs[decision]], tally[decision])
        tally[decision] = 0
      }
    })
  }

  authorize(attributes: AuthorizerAttributes): MaybePromise<AuthorizerDecision> {
    const decided = this.#authorizer.authorize(attributes)
    return decided instanceof Promise
      ? decided.then((decision) => this.#count(decision))
      : this.#count(decided)
  }

  #count(decided: AuthorizerDecision): AuthorizerDecision {
    if (decided.decision !== 'no-opinion') this.#tally[decided.decision]++
    return decided
  }

  rulesFor(user: UserInfo, namespace: string): MaybePromise<UserRules> {
    return this.#authorizer.rulesFor(user, namespace)
  }
}
