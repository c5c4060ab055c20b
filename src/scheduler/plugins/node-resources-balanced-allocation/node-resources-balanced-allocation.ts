import { maxNodeScore, type Plugin, type PluginContext } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'
import { type ResourceReader, resourceReaders } from '../../resource-readers.ts'

export interface NodeResourcesBalancedAllocationArgs {
  readonly resources?: readonly { readonly name: string }[]
}

/** How even the resources are used: 100 when all fractions are the same. `withPod`: 1 counts the pod. */
function evenness(readers: readonly ResourceReader[], node: NodeInfo, withPod: 0 | 1): number {
  let [count, sum, squares, first, last] = [0, 0, 0, 0, 0]
  for (const { request, allocatable, requested } of readers) {
    const there = allocatable(node)
    if (there === 0) continue
    const fraction = Math.min(1, (requested(node) + withPod * request) / there)
    if (count === 0) first = fraction
    last = fraction
    count++
    sum += fraction
  }
  let deviation = 0
  if (count === 2) deviation = Math.abs((first - last) / 2)
  else if (count > 2) {
    const mean = sum / count
    for (const { request, allocatable, requested } of readers) {
      const there = allocatable(node)
      if (there > 0) squares += (Math.min(1, (requested(node) + withPod * request) / there) - mean) ** 2
    }
    deviation = Math.sqrt(squares / count)
  }
  return Math.trunc((1 - deviation) * maxNodeScore)
}

/** Prefers nodes whose use of resources the pod makes more even; pods that ask for none of them do not matter. */
export function nodeResourcesBalancedAllocation(
  { nodes }: PluginContext,
  { resources = [{ name: 'cpu' }, { name: 'memory' }] }: NodeResourcesBalancedAllocationArgs = {},
): Plugin {
  const names = resources.map(({ name }) => name)
  return {
    name: 'NodeResourcesBalancedAllocation',
    sign: ({ requests }) => [...requests],
    preScore: (pod) => {
      if (names.every((name) => (pod.requests.get(name) ?? 0) === 0)) return { type: 'skip' }
      const readers = resourceReaders(nodes, pod, names, false).filter((reader) => reader !== undefined)
      return {
        type: 'score',
        score: (node) => {
          const gain = evenness(readers, node, 1) - evenness(readers, node, 0)
          return maxNodeScore / 2 + Math.trunc((maxNodeScore / 2 + gain) / 2)
        },
      }
    },
  }
}
