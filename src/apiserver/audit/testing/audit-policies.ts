import type { AuditPolicy, AuditRule } from '../audit-policy.ts'

/** A rule that matches everything, but for what is given. */
export const auditRule = (rule: Partial<AuditRule> & Pick<AuditRule, 'level'>): AuditRule => ({
  users: [],
  userGroups: [],
  verbs: [],
  resources: [],
  namespaces: [],
  nonResourceURLs: [],
  omitStages: [],
  ...rule,
})

export const auditPolicyOf = (
  rules: readonly (Partial<AuditRule> & Pick<AuditRule, 'level'>)[],
  rest: Partial<AuditPolicy> = {},
): AuditPolicy => ({ omitStages: [], omitManagedFields: false, ...rest, rules: rules.map(auditRule) })
