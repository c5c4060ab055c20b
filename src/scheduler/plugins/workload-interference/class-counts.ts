import type { core } from '../../../api/generated/types/index.ts'
import type { NodeInfo } from '../../node-info.ts'
import type { NodeTableObserver } from '../../node-table.ts'
import type { PodInfo } from '../../pod-info.ts'

/** A label of pods: what kind of load they are, in the operator's own words. */
export const classLabel = 'scheduling.timonel.dev/workload-class'

export const classOf = (pod: core.v1.Pod): string => pod.metadata?.labels?.[classLabel] ?? ''

const none: ReadonlyMap<string, number> = new Map()

/** How many pods of each class are on each node; suppositions count. */
export class ClassCounts implements NodeTableObserver {
  readonly #counts = new Map<NodeInfo, Map<string, number>>()

  on(node: NodeInfo): ReadonlyMap<string, number> {
    return this.#counts.get(node) ?? none
  }

  nodeComes(): void {}

  nodeLeaves(node: NodeInfo): void {
    this.#counts.delete(node)
  }

  podAdded(node: NodeInfo, { pod }: PodInfo): void {
    const name = classOf(pod)
    if (name === '') return
    const counts = this.#counts.get(node) ?? new Map<string, number>()
    this.#counts.set(node, counts.set(name, (counts.get(name) ?? 0) + 1))
  }

  podRemoved(node: NodeInfo, { pod }: PodInfo): void {
    const name = classOf(pod)
    const counts = this.#counts.get(node)
    const left = (counts?.get(name) ?? 0) - 1
    if (left > 0) counts?.set(name, left)
    else counts?.delete(name)
    if (counts?.size === 0) this.#counts.delete(node)
  }
}
