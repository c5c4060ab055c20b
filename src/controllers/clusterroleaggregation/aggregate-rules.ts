import type { rbac } from '../../api/generated/types/index.ts'
import { validLabelMatcher } from '../../apimachinery/selectors/label-selector.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'

type ClusterRole = rbac.v1.ClusterRole
type PolicyRule = rbac.v1.PolicyRule

const nameOf = ({ metadata }: ClusterRole): string => metadata?.name ?? ''

/** The rules of all roles that the role's selectors pick, selector by selector, each by name, each rule once. */
export function aggregateRules(role: ClusterRole, all: readonly ClusterRole[]): readonly PolicyRule[] {
  const others = all
    .filter((other) => nameOf(other) !== nameOf(role))
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  const rules: PolicyRule[] = []
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const matcher = validLabelMatcher(selector)
    for (const other of others) {
      if (!matcher.matches(other.metadata?.labels)) continue
      for (const rule of other.rules ?? []) {
        if (!rules.some((known) => semanticallyEqual(known, rule))) rules.push(rule)
      }
    }
  }
  return rules
}
