import { aggregate } from '../../apimachinery/aggregate.ts'
import type { Authorizer, AuthorizerAttributes, AuthorizerDecision, UserRules } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'
import { describeGrant, type RbacIndex } from './rbac-index.ts'
import { ruleAllows } from './rule-allows.ts'

/** Role-based access control: allows what a rule of one of the user's roles allows, has no opinion on the rest. */
export class RbacAuthorizer implements Authorizer {
  readonly #index: RbacIndex

  constructor(index: RbacIndex) {
    this.#index = index
  }

  authorize(attributes: AuthorizerAttributes): AuthorizerDecision {
    const errors: string[] = []
    for (const source of this.#index.rulesOf(attributes.user, attributes.namespace)) {
      if ('error' in source) errors.push(source.error)
      else if (ruleAllows(source.rule, attributes)) {
        return { decision: 'allow', reason: `RBAC: allowed by ${describeGrant(source.grant)}` }
      }
    }
    return { decision: 'no-opinion', reason: errors.length === 0 ? '' : `RBAC: ${aggregate(errors)}` }
  }

  rulesFor(user: UserInfo, namespace: string): UserRules {
    const errors: string[] = []
    const resourceRules = []
    const nonResourceRules = []
    for (const source of this.#index.rulesOf(user, namespace)) {
      if ('error' in source) {
        errors.push(source.error)
        continue
      }
      const { verbs, apiGroups = [], resources = [], resourceNames, nonResourceURLs = [] } = source.rule
      if (resources.length > 0) {
        resourceRules.push({
          verbs,
          apiGroups,
          resources,
          ...(resourceNames === undefined ? {} : { resourceNames }),
        })
      }
      if (nonResourceURLs.length > 0) nonResourceRules.push({ verbs, nonResourceURLs })
    }
    return { resourceRules, nonResourceRules, incomplete: false, evaluationError: aggregate(errors) }
  }
}
