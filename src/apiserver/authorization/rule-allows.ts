import type { rbac } from '../../api/generated/types/index.ts'
import type { AuthorizerAttributes } from '../authorizer.ts'

export type PolicyRule = rbac.v1.PolicyRule

const has = (set: readonly string[] | undefined, value: string): boolean =>
  set?.some((entry) => entry === '*' || entry === value) === true

/** A rule names `pods`, `pods/log`, everything, or a subresource of everything. */
function matchesResource(rule: PolicyRule, { resource, subresource }: AuthorizerAttributes): boolean {
  if (subresource === '') return has(rule.resources, resource)
  const combined = `${resource}/${subresource}`
  return (
    rule.resources?.some((entry) => entry === '*' || entry === combined || entry === `*/${subresource}`) ===
    true
  )
}

const matchesName = ({ resourceNames }: PolicyRule, name: string): boolean =>
  resourceNames === undefined || resourceNames.length === 0 || resourceNames.includes(name)

/** Whether a path is what a rule names, exactly or up to its `*`. */
export const pathCovers = (owner: string, path: string): boolean =>
  owner === path || (owner.endsWith('*') && path.startsWith(owner.replace(/\*+$/, '')))

/** Whether one rule of a role allows a request (https://kubernetes.io/docs/reference/access-authn-authz/rbac/). */
export function ruleAllows(rule: PolicyRule, attributes: AuthorizerAttributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false
  if (!attributes.isResourceRequest) {
    return rule.nonResourceURLs?.some((url) => pathCovers(url, attributes.path)) === true
  }
  return (
    has(rule.apiGroups, attributes.group) &&
    matchesResource(rule, attributes) &&
    matchesName(rule, attributes.name)
  )
}
