import type { AuthorizerAttributes } from '../authorizer.ts'

export const auditLevels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const
export type AuditLevel = (typeof auditLevels)[number]

export const auditStages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const
export type AuditStage = (typeof auditStages)[number]

/** Resources of a group: `pods`, `pods/log`, `pods/*`, subresources of all,, `*`; none are all of the group. */
export interface AuditResources {
  readonly group: string
  readonly resources: readonly string[]
  readonly resourceNames: readonly string[]
}

/** Empty lists match everything. */
export interface AuditRule {
  readonly level: AuditLevel
  readonly users: readonly string[]
  readonly userGroups: readonly string[]
  readonly verbs: readonly string[]
  readonly resources: readonly AuditResources[]
  readonly namespaces: readonly string[]
  readonly nonResourceURLs: readonly string[]
  readonly omitStages: readonly AuditStage[]
  /** Absent: as the policy says. */
  readonly omitManagedFields?: boolean
}

/** `audit.k8s.io/v1` Policy: the first rule that matches counts. */
export interface AuditPolicy {
  readonly rules: readonly AuditRule[]
  readonly omitStages: readonly AuditStage[]
  readonly omitManagedFields: boolean
}

/** What a policy says of a request. */
export interface AuditConfig {
  readonly level: AuditLevel
  readonly omitStages: ReadonlySet<AuditStage>
  readonly omitManagedFields: boolean
}

export type AuditedAttributes = Omit<AuthorizerAttributes, 'user'> & {
  /** Undefined: nobody has found out who it is. */
  readonly user: AuthorizerAttributes['user'] | undefined
}

export type EvaluatePolicy = (attributes: AuditedAttributes) => AuditConfig

function matchesPath(spec: string, path: string): boolean {
  if (spec === '*' || spec === path) return true
  return spec.endsWith('*') && path.startsWith(spec.replace(/\*+$/, ''))
}

function matchesResource(spec: string, { resource, subresource }: AuditedAttributes): boolean {
  if (spec === '*' || spec === (subresource === '' ? resource : `${resource}/${subresource}`)) return true
  if (subresource !== '' && spec === `*/${subresource}`) return true
  return spec === `${resource}/*`
}

function matchesResources(rule: AuditRule, attributes: AuditedAttributes): boolean {
  const { isResourceRequest, namespace, group, name } = attributes
  if (!isResourceRequest) return false
  if (rule.namespaces.length > 0 && !rule.namespaces.includes(namespace)) return false
  if (rule.resources.length === 0) return true
  return rule.resources.some((each) => {
    if (each.group !== group && each.group !== '*') return false
    if (each.resources.length === 0) return true
    if (each.resourceNames.length > 0 && !each.resourceNames.includes(name)) return false
    return each.resources.some((spec) => matchesResource(spec, attributes))
  })
}

function matches(rule: AuditRule, attributes: AuditedAttributes): boolean {
  const { user, verb, isResourceRequest, path } = attributes
  const { users, userGroups, verbs, namespaces, resources, nonResourceURLs } = rule
  if (users.length > 0 && (user === undefined || !users.includes(user.name))) return false
  if (userGroups.length > 0 && !(user?.groups.some((group) => userGroups.includes(group)) ?? false))
    return false
  if (verbs.length > 0 && !verbs.includes(verb)) return false
  if (namespaces.length > 0 || resources.length > 0) return matchesResources(rule, attributes)
  if (nonResourceURLs.length === 0) return true
  return !isResourceRequest && nonResourceURLs.some((spec) => matchesPath(spec, path))
}

/** What a request without a rule gets is nothing. */
export function policyEvaluator(policy: AuditPolicy): EvaluatePolicy {
  const ready = policy.rules.map((rule) => ({
    rule,
    config: {
      level: rule.level,
      omitStages: new Set([...policy.omitStages, ...rule.omitStages]),
      omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields,
    },
  }))
  const { omitStages, omitManagedFields } = policy
  const otherwise: AuditConfig = { level: 'None', omitStages: new Set(omitStages), omitManagedFields }
  return (attributes) => ready.find(({ rule }) => matches(rule, attributes))?.config ?? otherwise
}
