import { Namespace } from '../../../api/core/namespace/kind.ts'
import { Node } from '../../../api/core/node/kind.ts'
import type { Plugin, PluginContext } from '../../framework.ts'
import type { PodInfo } from '../../pod-info.ts'
import type { QueuedPod } from '../../queue/queued-pod.ts'
import type { DominantResourceFairnessArgs } from './fairness-args.ts'
import { NamespaceShares } from './namespace-shares.ts'

/** An annotation of a Namespace: its share counts as so many times smaller. A number above 0; 1 where absent or wrong. */
export const weightAnnotation = 'scheduling.timonel.dev/fair-share-weight'

const namespaceOf = ({ pod }: PodInfo): string => pod.metadata?.namespace ?? ''

/**
 * Dominant-resource fairness (Ghodsi et al., NSDI 2011) between namespaces, as the order of the queue: of pods of the same
 * priority, those go first whose namespace has the smallest dominant share.
 */
export function dominantResourceFairness(
  { nodes, informers }: PluginContext,
  { resources }: DominantResourceFairnessArgs = {},
): Plugin {
  const counted = resources && new Set(resources)
  const shares = new NamespaceShares((name) => counted?.has(name) ?? true)
  nodes.observe(shares)
  informers.informer(Node).onChange((node, old) => shares.onNode(node, old))
  const { lister } = informers.informer(Namespace)
  const share = (namespace: string): number => {
    const weight = Number(lister.get('', namespace)?.metadata?.annotations?.[weightAnnotation] ?? 1)
    return shares.dominantShare(namespace) / (weight > 0 ? weight : 1)
  }
  const less = (left: QueuedPod, right: QueuedPod): number => {
    const byPriority = right.info.priority - left.info.priority
    if (byPriority !== 0) return byPriority
    const [one, other] = [namespaceOf(left.info), namespaceOf(right.info)]
    return (one === other ? 0 : share(one) - share(other)) || left.timestampMs - right.timestampMs
  }
  return { name: 'DominantResourceFairness', less, flow: namespaceOf, events: [] }
}
