import { mastersGroup } from '../authentication/users.ts'
import type { Authorizer, AuthorizerAttributes, AuthorizerDecision, UserRules } from '../authorizer.ts'

const allowed: AuthorizerDecision = { decision: 'allow', reason: '' }
const noOpinion: AuthorizerDecision = { decision: 'no-opinion', reason: '' }

const noRules: UserRules = {
  resourceRules: [],
  nonResourceRules: [],
  incomplete: false,
  evaluationError: '',
}

/**
 * `system:masters` may do everything, whatever the roles say: the way in when they are broken. It adds no rules to
 * reviews, as upstream's does not: those are of the roles.
 */
export const privilegedGroup: Authorizer = {
  authorize: (attributes: AuthorizerAttributes) =>
    attributes.user.groups.includes(mastersGroup) ? allowed : noOpinion,
  rulesFor: () => noRules,
}
