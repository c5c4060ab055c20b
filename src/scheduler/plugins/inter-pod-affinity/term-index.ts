import type { core } from '../../../api/generated/types/index.ts'
import type { StringMap } from '../../../apimachinery/meta.ts'
import type { NodeInfo } from '../../node-info.ts'
import type { NodeTable, NodeTableObserver } from '../../node-table.ts'
import { type AffinityTerm, matchesAffinityTerm } from '../../pod-affinity.ts'
import type { PodInfo } from '../../pod-info.ts'
import { TopologySums } from '../../topology-sums.ts'
import { termKey } from './term-key.ts'

/** What pods that are there ask of those that come. */
export type TermUse =
  | 'requiredAffinity'
  | 'requiredAntiAffinity'
  | 'preferredAffinity'
  | 'preferredAntiAffinity'

/** All equal terms of the pods that are there: their weights (1 for a required one) by topology. */
interface TermGroup {
  readonly term: AffinityTerm
  readonly sums: TopologySums
  /** How many pods there have it. */
  pods: number
}

class UseIndex {
  readonly #table: NodeTable
  readonly #groups = new Map<string, TermGroup>()
  /** A term concerns pods of the namespaces that it names… */
  readonly #byNamespace = new Map<string, Set<TermGroup>>()
  /** …or those whose labels it selects. */
  readonly #selecting = new Set<TermGroup>()
  /** Another one when a term comes that nobody had, or the last one with a term leaves. */
  version = 0

  constructor(table: NodeTable) {
    this.#table = table
  }

  change(term: AffinityTerm, weight: number, node: NodeInfo, by: 1 | -1): void {
    const key = termKey(term)
    const group = this.#groups.get(key) ?? this.#add(key, term)
    group.pods += by
    group.sums.add(node, by * weight)
    if (group.pods === 0) this.#remove(key, group)
  }

  /** The sums of all terms that concern a pod. */
  concerning(pod: core.v1.Pod, namespaceLabels: StringMap | undefined): readonly TopologySums[] {
    const sums = new Set<TopologySums>()
    const named = this.#byNamespace.get(pod.metadata?.namespace ?? '')
    if (named)
      for (const { term, sums: own } of named) if (term.selector.matches(pod.metadata?.labels)) sums.add(own)
    for (const { term, sums: own } of this.#selecting)
      if (matchesAffinityTerm(term, pod, namespaceLabels)) sums.add(own)
    return [...sums]
  }

  #add(key: string, term: AffinityTerm): TermGroup {
    const group = { term, sums: new TopologySums(term.topologyKey, this.#table), pods: 0 }
    this.version++
    this.#groups.set(key, group)
    for (const namespace of term.namespaces) {
      const named = this.#byNamespace.get(namespace)
      if (named) named.add(group)
      else this.#byNamespace.set(namespace, new Set([group]))
    }
    if (term.namespaceSelector.requirements !== undefined) this.#selecting.add(group)
    return group
  }

  #remove(key: string, group: TermGroup): void {
    this.version++
    this.#groups.delete(key)
    this.#selecting.delete(group)
    for (const namespace of group.term.namespaces) {
      const named = this.#byNamespace.get(namespace)
      if (named?.delete(group) && named.size === 0) this.#byNamespace.delete(namespace)
    }
  }
}

/** What all pods that have a node ask of those that come, kept as they come and go. */
export class TermIndex implements NodeTableObserver {
  readonly #uses: Readonly<Record<TermUse, UseIndex>>

  constructor(table: NodeTable) {
    this.#uses = {
      requiredAffinity: new UseIndex(table),
      requiredAntiAffinity: new UseIndex(table),
      preferredAffinity: new UseIndex(table),
      preferredAntiAffinity: new UseIndex(table),
    }
    table.observe(this)
  }

  concerning(
    use: TermUse,
    pod: core.v1.Pod,
    namespaceLabels: StringMap | undefined,
  ): readonly TopologySums[] {
    return this.#uses[use].concerning(pod, namespaceLabels)
  }

  /** Of what `concerning` gives: another one, and there may be other sums. */
  version(use: TermUse): number {
    return this.#uses[use].version
  }

  nodeComes(): void {}

  nodeLeaves(info: NodeInfo): void {
    for (const pod of info.podsWithAffinity) this.podRemoved(info, pod)
  }

  podAdded(node: NodeInfo, pod: PodInfo): void {
    if (pod.affinity !== undefined) this.#change(pod, node, 1)
  }

  podRemoved(node: NodeInfo, pod: PodInfo): void {
    if (pod.affinity !== undefined) this.#change(pod, node, -1)
  }

  #change({ affinity }: PodInfo, node: NodeInfo, by: 1 | -1): void {
    if (affinity === undefined) return
    for (const use of ['requiredAffinity', 'requiredAntiAffinity'] as const)
      for (const term of affinity[use]) this.#uses[use].change(term, 1, node, by)
    for (const use of ['preferredAffinity', 'preferredAntiAffinity'] as const)
      for (const { term, weight } of affinity[use]) this.#uses[use].change(term, weight, node, by)
  }
}
