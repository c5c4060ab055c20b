import type { Filter, Rejection } from '../../framework.ts'
import type { PodInfo } from '../../pod-info.ts'
import type { SpreadConstraint } from './spread-constraint.ts'
import type { SpreadGroup } from './spread-group.ts'

const uneven: Rejection = {
  resolvable: true,
  reasons: ["node(s) didn't match pod topology spread constraints"],
}
const unlabelled: Rejection = {
  resolvable: false,
  reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"],
}

/**
 * Refuses nodes where the pod would make its domain have over maxSkew more of its like than the emptiest domain has.
 * It reads the group's counts as they are when it is asked: suppositions on the table hold at once.
 */
export function spreadFilter(
  group: SpreadGroup,
  constraints: readonly SpreadConstraint[],
  pod: PodInfo,
): Filter {
  const checks = constraints.map((constraint, place) => ({
    ...{ constraint, place, sums: group.sums(place), domains: group.domains(place) },
    self: constraint.selector.matches(pod.pod.metadata?.labels) ? 1 : 0,
    /** More matching pods than this in a domain, this one not counted, are too many. */
    most: 0,
  }))
  let version = -1
  const refresh = (): void => {
    for (const check of checks) {
      const { maxSkew, minDomains } = check.constraint
      const least = check.domains.size < minDomains ? 0 : group.leastPods(check.place)
      check.most = maxSkew - check.self + least
    }
    version = group.version
  }
  return (node) => {
    if (version !== group.version) refresh()
    for (const { sums, most } of checks) {
      if (sums.isAbsent(node)) return unlabelled
      if (sums.of(node) > most) return uneven
    }
    return undefined
  }
}
