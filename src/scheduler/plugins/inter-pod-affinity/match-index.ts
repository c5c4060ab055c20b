import { Namespace } from '../../../api/core/namespace/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import type { InformerFactory } from '../../../client/informer.ts'
import type { NodeInfo } from '../../node-info.ts'
import type { NodeTable, NodeTableObserver } from '../../node-table.ts'
import { type AffinityTerm, matchesAffinityTerm } from '../../pod-affinity.ts'
import type { PodInfo } from '../../pod-info.ts'
import { TopologySums } from '../../topology-sums.ts'
import { termKey } from './term-key.ts'

/** Sets of terms whose matches are kept; those that have not been asked for longest make room. */
const maxGroups = 1_024

/** Pods that match all of some terms, by topology. */
interface MatchGroup {
  readonly terms: readonly AffinityTerm[]
  /** By the terms' labels, each once. */
  readonly sums: readonly TopologySums[]
}

/** How many pods match the terms of pods that come: counted when first asked for, kept from then on. */
export class MatchIndex implements NodeTableObserver {
  readonly #table: NodeTable
  readonly #namespaces
  /** By their terms, those asked for last at the end. */
  readonly #groups = new Map<string, MatchGroup>()
  /** Those that concern only pods of named namespaces, by each of them; the others. */
  readonly #byNamespace = new Map<string, Set<MatchGroup>>()
  readonly #anywhere = new Set<MatchGroup>()

  constructor(table: NodeTable, informers: Pick<InformerFactory, 'informer'>) {
    this.#table = table
    const namespaces = informers.informer(Namespace)
    this.#namespaces = namespaces.lister
    namespaces.onChange(() => this.#forgetSelecting())
    table.observe(this)
  }

  /** Undefined for a namespace that is not known. */
  labelsOf(namespace: string): Readonly<Record<string, string>> | undefined {
    const known = this.#namespaces.get('', namespace)
    return known === undefined ? undefined : (known.metadata?.labels ?? {})
  }

  /** Whether a pod that is there, or comes, matches a term of a pod that comes. */
  matches(term: AffinityTerm, pod: core.v1.Pod): boolean {
    const namespace = pod.metadata?.namespace ?? ''
    // A namespace that is not known is selected by a selector of all alone.
    const selecting = term.namespaceSelector.requirements !== undefined && !term.namespaceSelector.empty
    const labels = selecting ? this.labelsOf(namespace) : undefined
    if (selecting && labels === undefined && !term.namespaces.has(namespace)) return false
    return matchesAffinityTerm(term, pod, labels)
  }

  /** Pods that match all of `terms`, by each of their labels. */
  matching(terms: readonly AffinityTerm[]): readonly TopologySums[] {
    const key = terms.map(termKey).join()
    const known = this.#groups.get(key)
    if (known) {
      this.#groups.delete(key)
      this.#groups.set(key, known)
      return known.sums
    }
    const keys = new Set(terms.map(({ topologyKey }) => topologyKey))
    const group = { terms, sums: [...keys].map((topologyKey) => new TopologySums(topologyKey, this.#table)) }
    for (const node of this.#table.nodes)
      for (const { pod } of node.pods.values()) this.#count(group, node, pod, 1)
    this.#keep(key, group)
    return group.sums
  }

  nodeComes(): void {}

  nodeLeaves(info: NodeInfo): void {
    for (const pod of info.pods.values()) this.podRemoved(info, pod)
  }

  podAdded(node: NodeInfo, { pod }: PodInfo): void {
    this.#countFor(node, pod, 1)
  }

  podRemoved(node: NodeInfo, { pod }: PodInfo): void {
    this.#countFor(node, pod, -1)
  }

  #keep(key: string, group: MatchGroup): void {
    this.#groups.set(key, group)
    const namespaces = namesOf(group)
    if (namespaces === undefined) this.#anywhere.add(group)
    for (const namespace of namespaces ?? []) {
      const known = this.#byNamespace.get(namespace)
      if (known) known.add(group)
      else this.#byNamespace.set(namespace, new Set([group]))
    }
    const [oldest] = this.#groups
    if (this.#groups.size > maxGroups && oldest !== undefined) this.#drop(...oldest)
  }

  #drop(key: string, group: MatchGroup): void {
    this.#groups.delete(key)
    this.#anywhere.delete(group)
    for (const namespace of namesOf(group) ?? []) {
      const known = this.#byNamespace.get(namespace)
      if (known?.delete(group) && known.size === 0) this.#byNamespace.delete(namespace)
    }
  }

  #countFor(node: NodeInfo, pod: core.v1.Pod, by: 1 | -1): void {
    for (const group of this.#byNamespace.get(pod.metadata?.namespace ?? '') ?? [])
      this.#count(group, node, pod, by)
    for (const group of this.#anywhere) this.#count(group, node, pod, by)
  }

  #count({ terms, sums }: MatchGroup, node: NodeInfo, pod: core.v1.Pod, by: 1 | -1): void {
    for (const term of terms) if (!this.matches(term, pod)) return
    for (const each of sums) each.add(node, by)
  }

  /** Which pods match them may be different now. */
  #forgetSelecting(): void {
    for (const [key, group] of this.#groups)
      if (group.terms.some(({ namespaceSelector }) => namespaceSelector.requirements?.length))
        this.#drop(key, group)
  }
}

/** Pods of other namespaces cannot match all terms; undefined: of any may. */
function namesOf({ terms: [first] }: MatchGroup): ReadonlySet<string> | undefined {
  return first?.namespaceSelector.requirements === undefined ? first?.namespaces : undefined
}
