import { type Amounts, amountsOf } from '../../../api/core/pod/pod-requests.ts'
import type { core } from '../../../api/generated/types/index.ts'
import type { NodeInfo } from '../../node-info.ts'
import type { NodeTableObserver } from '../../node-table.ts'
import type { PodInfo } from '../../pod-info.ts'

function addTo(sums: Map<string, number>, name: string, amount: number): void {
  const sum = (sums.get(name) ?? 0) + amount
  if (sum === 0) sums.delete(name)
  else sums.set(name, sum)
}

/** As scores do, a container that asks for nothing counts with 100m and 200 MiB: else its namespace would always go first. */
function demandOf({ requests, nonZeroCpuMilli, nonZeroMemoryBytes }: PodInfo): Amounts {
  return new Map([...requests, ['cpu', nonZeroCpuMilli], ['memory', nonZeroMemoryBytes]])
}

/** What the cluster offers, and what each namespace's pods hold of it: on nodes, or on their way to one. */
export class NamespaceShares implements NodeTableObserver {
  readonly #counts: (resource: string) => boolean
  /** By namespace and resource. */
  readonly #held = new Map<string, Map<string, number>>()
  readonly #offered = new Map<string, number>()

  /** `counts`: the resources that matter. */
  constructor(counts: (resource: string) => boolean) {
    this.#counts = counts
  }

  nodeComes(): void {}

  nodeLeaves({ pods }: NodeInfo): void {
    for (const pod of pods.values()) this.#account(pod, -1)
  }

  podAdded(_node: NodeInfo, pod: PodInfo): void {
    this.#account(pod, 1)
  }

  podRemoved(_node: NodeInfo, pod: PodInfo): void {
    this.#account(pod, -1)
  }

  /** Nodes are counted by what their objects say: the table tells of no change of their amounts. */
  onNode(node: core.v1.Node | undefined, old: core.v1.Node | undefined): void {
    for (const [name, amount] of amountsOf(old?.status?.allocatable)) addTo(this.#offered, name, -amount)
    for (const [name, amount] of amountsOf(node?.status?.allocatable)) addTo(this.#offered, name, amount)
  }

  /** The largest part that the namespace holds of any resource: 0 to 1, or more where nodes have gone. */
  dominantShare(namespace: string): number {
    let largest = 0
    for (const [name, amount] of this.#held.get(namespace) ?? []) {
      const offered = this.#offered.get(name) ?? 0
      if (offered > 0 && amount / offered > largest) largest = amount / offered
    }
    return largest
  }

  #account(pod: PodInfo, sign: 1 | -1): void {
    const namespace = pod.pod.metadata?.namespace ?? ''
    const held = this.#held.get(namespace) ?? new Map<string, number>()
    for (const [name, amount] of demandOf(pod)) if (this.#counts(name)) addTo(held, name, sign * amount)
    if (held.size === 0) this.#held.delete(namespace)
    else this.#held.set(namespace, held)
  }
}
