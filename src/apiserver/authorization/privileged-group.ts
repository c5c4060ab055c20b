import { mastersGroup } from '../authentication/users.ts'
import type { Authorizer, AuthorizerAttributes, AuthorizerDecision, UserRules } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'

const allowed: AuthorizerDecision = { decision: 'allow', reason: '' }
const noOpinion: AuthorizerDecision = { decision: 'no-opinion', reason: '' }

const everything: UserRules = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
  evaluationError: '',
}

/** `system:masters` may do everything, whatever the roles say: the way in when they are broken. */
export const privilegedGroup: Authorizer = {
  authorize: (attributes: AuthorizerAttributes) =>
    attributes.user.groups.includes(mastersGroup) ? allowed : noOpinion,
  rulesFor: (user: UserInfo) =>
    user.groups.includes(mastersGroup)
      ? everything
      : { resourceRules: [], nonResourceRules: [], incomplete: false, evaluationError: '' },
}
