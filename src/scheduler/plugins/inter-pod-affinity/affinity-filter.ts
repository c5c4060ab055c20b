import type { Filter, Rejection } from '../../framework.ts'
import type { PodInfo } from '../../pod-info.ts'
import type { TopologySums } from '../../topology-sums.ts'
import type { MatchIndex } from './match-index.ts'
import type { TermIndex } from './term-index.ts'

const noFriend: Rejection = { resolvable: false, reasons: ["node(s) didn't match pod affinity rules"] }
const foe: Rejection = { resolvable: true, reasons: ["node(s) didn't match pod anti-affinity rules"] }
const unwelcome: Rejection = {
  resolvable: true,
  reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"],
}

/** The cycle's filter; undefined where nothing can refuse any node. Pods that are supposed to come or go count at once. */
export function affinityFilter(terms: TermIndex, matches: MatchIndex, info: PodInfo): Filter | undefined {
  const { pod, affinity } = info
  const required = affinity?.requiredAffinity ?? []
  const forbidden = affinity?.requiredAntiAffinity ?? []
  const namespaceLabels = matches.labelsOf(pod.metadata?.namespace ?? '')
  let version = terms.version('requiredAntiAffinity')
  let refusing = terms.concerning('requiredAntiAffinity', pod, namespaceLabels)
  if (required.length === 0 && forbidden.length === 0 && refusing.every(({ isEmpty }) => isEmpty))
    return undefined
  const friends = required.length === 0 ? [] : matches.matching(required)
  const foes: readonly TopologySums[] = forbidden.flatMap((term) => matches.matching([term]))
  const isOwnFriend = required.length > 0 && required.every((term) => matches.matches(term, pod))

  return (node) => {
    let lonely = false
    for (const friend of friends) {
      if (friend.isAbsent(node)) return noFriend
      if (friend.of(node) <= 0) lonely = true
    }
    // The first of pods that want to be together may go anywhere.
    if (lonely && !(isOwnFriend && friends.every(({ isEmpty }) => isEmpty))) return noFriend
    for (const each of foes) if (each.of(node) > 0) return foe
    if (version !== terms.version('requiredAntiAffinity')) {
      version = terms.version('requiredAntiAffinity')
      refusing = terms.concerning('requiredAntiAffinity', pod, namespaceLabels)
    }
    for (const each of refusing) if (each.of(node) > 0) return unwelcome
    return undefined
  }
}
