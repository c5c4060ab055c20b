import type { core } from '../../../api/generated/types/index.ts'
import { type AffinityTerm, podAffinityOf } from '../../pod-affinity.ts'
import type { PodInfo } from '../../pod-info.ts'

type Pod = core.v1.Pod
type Node = core.v1.Node
type Matches = (term: AffinityTerm, pod: Pod) => boolean

const hasPlace = ({ spec, status }: Pod): boolean => Boolean(spec?.nodeName || status?.nominatedNodeName)

/**
 * Whether a pod that came (no `old`), changed or left (no `pod`) may make a node fit `waiting`. One of several
 * anti-affinity terms is enough: the pod that left may have been what the node was refused for.
 */
export function podChangeMayHelp(
  waiting: PodInfo,
  matches: Matches,
  pod: Pod | undefined,
  old: Pod | undefined,
): boolean {
  if (pod && old && pod.metadata?.uid === waiting.uid) return true
  if ((pod && !hasPlace(pod)) || (old && !hasPlace(old))) return false
  const { requiredAffinity = [], requiredAntiAffinity = [] } = waiting.affinity ?? {}
  const isFriend = (one: Pod): boolean =>
    requiredAffinity.length > 0 && requiredAffinity.every((term) => matches(term, one))
  const isFoe = (one: Pod): boolean => requiredAntiAffinity.some((term) => matches(term, one))
  if (pod && old) return (!isFriend(old) && isFriend(pod)) || (isFoe(old) && !isFoe(pod))
  if (pod) return isFriend(pod)
  if (!old) return false
  const theirs = podAffinityOf(old)?.requiredAntiAffinity ?? []
  return isFoe(old) || theirs.some((term) => matches(term, waiting.pod))
}

/** Whether a node that came (no `old`) or changed may fit `waiting`. */
export function nodeChangeMayHelp(
  { affinity }: PodInfo,
  node: Node | undefined,
  old: Node | undefined,
): boolean {
  const value = (one: Node | undefined, { topologyKey }: AffinityTerm): string | undefined =>
    one?.metadata?.labels?.[topologyKey]
  const { requiredAffinity = [], requiredAntiAffinity = [] } = affinity ?? {}
  // Without terms of its own it was refused for those of others: a place without them may have come.
  if (requiredAffinity.length === 0 && requiredAntiAffinity.length === 0) return true
  const joins = requiredAffinity.some(
    (term) => value(node, term) !== undefined && value(node, term) !== value(old, term),
  )
  // A node without the label takes any pod; whether its new neighbours are foes is for the filter to say.
  const leaves = requiredAntiAffinity.some(
    (term) => old === undefined || (value(old, term) !== undefined && value(node, term) !== value(old, term)),
  )
  return joins || leaves
}
