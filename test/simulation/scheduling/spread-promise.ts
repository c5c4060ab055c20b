import { admitsNode } from '../../../src/api/core/pod/node-affinity.ts'
import type { core } from '../../../src/api/generated/types/index.ts'
import { validLabelMatcher } from '../../../src/apimachinery/selectors/label-selector.ts'
import type { NodeTable } from '../../../src/scheduler/node-table.ts'
import type { PodInfo } from '../../../src/scheduler/pod-info.ts'

/** Pods on the node that a constraint of `pod` counts; the pod itself is not among them. */
function counted(
  { selector, pod }: { readonly selector: ReturnType<typeof validLabelMatcher>; readonly pod: core.v1.Pod },
  pods: Iterable<PodInfo>,
): number {
  let count = 0
  for (const { pod: other } of pods) {
    const { uid, namespace, labels, deletionTimestamp } = other.metadata ?? {}
    if (uid === pod.metadata?.uid || namespace !== pod.metadata?.namespace) continue
    if (deletionTimestamp === undefined && selector.matches(labels)) count++
  }
  return count
}

/** Hard spread constraints that the choice of the node breaks, counted pod by pod in the picture that it was made by. */
export function brokenSpreads({ pod, key }: PodInfo, name: string, table: NodeTable): readonly string[] {
  const hard = (pod.spec?.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  )
  return hard.flatMap(({ topologyKey, maxSkew, labelSelector }) => {
    const selector = validLabelMatcher(labelSelector)
    const domains = new Map<string, number>()
    for (const { node, pods } of table.nodes) {
      const domain = node.metadata?.labels?.[topologyKey]
      const isCounted = hard.every((each) => node.metadata?.labels?.[each.topologyKey] !== undefined)
      if (domain === undefined || !isCounted || !admitsNode(pod, node)) continue
      domains.set(domain, (domains.get(domain) ?? 0) + counted({ selector, pod }, pods.values()))
    }
    const own = table.get(name)?.node.metadata?.labels?.[topologyKey] ?? ''
    const self = selector.matches(pod.metadata?.labels) ? 1 : 0
    const skew = (domains.get(own) ?? 0) + self - Math.min(...domains.values())
    return skew <= maxSkew ? [] : [`${key} on ${name} makes ${own} differ by ${skew} from the emptiest`]
  })
}
