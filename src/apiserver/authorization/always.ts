import type { Authorizer, AuthorizerDecision } from '../authorizer.ts'

const allowed: AuthorizerDecision = { decision: 'allow', reason: '' }
/** Upstream's text. */
const denied: AuthorizerDecision = { decision: 'no-opinion', reason: 'Everything is forbidden.' }

/** `--authorization-mode=AlwaysAllow`. */
export const alwaysAllow: Authorizer = {
  authorize: () => allowed,
  rulesFor: () => ({
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
    evaluationError: '',
  }),
}

/** `--authorization-mode=AlwaysDeny`. */
export const alwaysDeny: Authorizer = {
  authorize: () => denied,
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false, evaluationError: '' }),
}
