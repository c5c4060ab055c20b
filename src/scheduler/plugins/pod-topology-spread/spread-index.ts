import type { NodeInfo } from '../../node-info.ts'
import type { NodeTable, NodeTableObserver } from '../../node-table.ts'
import type { PodInfo } from '../../pod-info.ts'
import { type SpreadDemand, SpreadGroup } from './spread-group.ts'

/** Groups of alike pods whose counts are kept; those that have not been asked for longest make room. */
const maxGroups = 512

function signature({ namespace, constraints, requiresEveryKey, pod }: SpreadDemand): string {
  const { nodeSelector, affinity, tolerations } = pod.spec ?? {}
  const parts = constraints.map(({ topologyKey, selector, honorsAffinity, honorsTaints }) => [
    topologyKey,
    selector.requirements ?? null,
    honorsAffinity,
    honorsTaints,
  ])
  const affine = constraints.some(({ honorsAffinity }) => honorsAffinity)
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return JSON.stringify([
    namespace,
    requiresEveryKey,
    parts,
    affine ? [nodeSelector, required] : null,
    constraints.some(({ honorsTaints }) => honorsTaints) ? tolerations : null,
  ])
}

/** Finds the counts for a pod: of its group if there is one, else counted once and kept from then on. */
export class SpreadIndex implements NodeTableObserver {
  readonly #table: NodeTable
  /** By signature, those asked for last at the end. */
  readonly #groups = new Map<string, SpreadGroup>()
  /** A pod counts only in its own namespace. */
  readonly #byNamespace = new Map<string, Set<SpreadGroup>>()

  constructor(table: NodeTable) {
    this.#table = table
    table.observe(this)
  }

  group(demand: SpreadDemand): SpreadGroup {
    const key = signature(demand)
    const known = this.#groups.get(key)
    if (known) {
      this.#groups.delete(key)
      this.#groups.set(key, known)
      return known
    }
    const group = new SpreadGroup(demand, this.#table)
    for (const node of this.#table.nodes) {
      group.nodeComes(node)
      for (const pod of node.pods.values()) group.podAdded(node, pod)
    }
    this.#groups.set(key, group)
    const siblings = this.#byNamespace.get(demand.namespace)
    if (siblings) siblings.add(group)
    else this.#byNamespace.set(demand.namespace, new Set([group]))
    if (this.#groups.size > maxGroups) this.#dropOldest()
    return group
  }

  nodeComes(node: NodeInfo): void {
    for (const group of this.#groups.values()) group.nodeComes(node)
  }

  nodeLeaves(node: NodeInfo): void {
    for (const group of this.#groups.values()) group.nodeLeaves(node)
  }

  podAdded(node: NodeInfo, pod: PodInfo): void {
    for (const group of this.#of(pod)) group.podAdded(node, pod)
  }

  podRemoved(node: NodeInfo, pod: PodInfo): void {
    for (const group of this.#of(pod)) group.podRemoved(node, pod)
  }

  #of({ pod }: PodInfo): Iterable<SpreadGroup> {
    return this.#byNamespace.get(pod.metadata?.namespace ?? '') ?? []
  }

  #dropOldest(): void {
    for (const [key, group] of this.#groups) {
      this.#groups.delete(key)
      const siblings = this.#byNamespace.get(group.demand.namespace)
      if (siblings?.delete(group) && siblings.size === 0) this.#byNamespace.delete(group.demand.namespace)
      return
    }
  }
}
