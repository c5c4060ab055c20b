import { controllerOf } from '../../../reconcile/owner-references.ts'
import { maxNodeScore, type Plugin, type PluginContext } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'
import { resourceReaders } from '../../resource-readers.ts'
import type { CostAwarePackingArgs } from './cost-args.ts'

export const defaultPriceLabel = 'scheduling.timonel.dev/price-per-hour'

/** The dearest gets 0 points, the cheapest 100. */
function normalizeCosts(costs: Float64Array): void {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const cost of costs) [least, most] = [Math.min(least, cost), Math.max(most, cost)]
  for (const [index, cost] of costs.entries())
    costs[index] = most === least ? maxNodeScore : Math.round(((most - cost) * maxNodeScore) / (most - least))
}

/** Pods that are on every node keep none in use. */
function isInUse({ pods }: NodeInfo): boolean {
  for (const { pod } of pods.values()) if (controllerOf(pod)?.kind !== 'DaemonSet') return true
  return false
}

/**
 * Prefers the node on which the pod costs least: its share of the node's price, and that of the room which stays empty
 * beside it; all of that where the node is in use for this pod alone. So pods gather on nodes that are paid for anyway,
 * cheap ones first, and the others can be given back.
 */
export function costAwarePacking(
  { nodes }: PluginContext,
  {
    priceLabel = defaultPriceLabel,
    prices = new Map(),
    defaultPrice = 1,
    idlePercent = 50,
  }: CostAwarePackingArgs = {},
): Plugin {
  const priceOf = ({ node: { metadata } }: NodeInfo): number => {
    const label = metadata?.labels?.[priceLabel]
    const price = label === undefined ? Number.NaN : Number(label)
    if (price >= 0) return price
    return prices.get(metadata?.labels?.['node.kubernetes.io/instance-type'] ?? '') ?? defaultPrice
  }
  return {
    name: 'CostAwarePacking',
    sign: ({ requests, nonZeroCpuMilli, nonZeroMemoryBytes }) => [
      [...requests],
      nonZeroCpuMilli,
      nonZeroMemoryBytes,
    ],
    preScore: (pod) => {
      const named = new Set(['cpu', 'memory', ...pod.requests.keys()])
      const readers = resourceReaders(nodes, pod, [...named], true).flatMap((reader) => reader ?? [])
      const cost = (info: NodeInfo): number => {
        let [share, used] = [0, 0]
        for (const { request, requested, allocatable } of readers) {
          const there = allocatable(info)
          if (there === 0) continue
          share = Math.max(share, request / there)
          used = Math.max(used, (requested(info) + request) / there)
        }
        const idle = Math.max(0, 1 - used)
        return priceOf(info) * (share + (isInUse(info) ? idle * (idlePercent / 100) : idle))
      }
      return { type: 'score', score: cost, normalize: normalizeCosts }
    },
    events: [],
  }
}
