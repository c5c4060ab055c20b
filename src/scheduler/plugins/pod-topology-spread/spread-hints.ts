import type { core } from '../../../api/generated/types/index.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { hasEveryKey, type SpreadConstraint } from './spread-constraint.ts'

type Pod = core.v1.Pod
type Node = core.v1.Node

/** A waiting pod matters for itself; another one only where it has, or will have, a node of the same namespace. */
function concerns(waiting: Pod, other: Pod): boolean {
  if (other.metadata?.uid === waiting.metadata?.uid) return true
  if (!other.spec?.nodeName && !other.status?.nominatedNodeName) return false
  return other.metadata?.namespace === waiting.metadata?.namespace
}

/** Whether a pod that came (no `old`), changed or left (no `pod`) may make room under `constraints` for `waiting`. */
export function podChangeMayHelp(
  waiting: Pod,
  constraints: readonly SpreadConstraint[],
  pod: Pod | undefined,
  old: Pod | undefined,
): boolean {
  if ((pod && !concerns(waiting, pod)) || (old && !concerns(waiting, old))) return false
  const matches = (one: Pod, { selector }: SpreadConstraint): boolean =>
    selector.matches(one.metadata?.labels)
  if (pod && old) {
    const itself = pod.metadata?.uid === waiting.metadata?.uid
    if (
      itself &&
      !jsonEqual(pod.spec?.tolerations, old.spec?.tolerations) &&
      constraints.some(({ honorsTaints }) => honorsTaints)
    )
      return true
    return constraints.some((constraint) => matches(pod, constraint) !== matches(old, constraint))
  }
  const one = pod ?? old
  return one !== undefined && constraints.some((constraint) => matches(one, constraint))
}

/** Whether a node that came (no `old`), changed or left (no `node`) may. */
export function nodeChangeMayHelp(
  constraints: readonly SpreadConstraint[],
  node: Node | undefined,
  old: Node | undefined,
): boolean {
  const counted = (one: Node | undefined): boolean =>
    one !== undefined && hasEveryKey(one.metadata?.labels, constraints)
  if (!node || !old) return counted(node) || counted(old)
  if (counted(node) !== counted(old)) return true
  if (!counted(node)) return false
  const moved = constraints.some(
    ({ topologyKey }) => node.metadata?.labels?.[topologyKey] !== old.metadata?.labels?.[topologyKey],
  )
  return moved || !jsonEqual(node.spec?.taints, old.spec?.taints)
}
