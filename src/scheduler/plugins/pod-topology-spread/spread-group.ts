import { admitsNode } from '../../../api/core/pod/node-affinity.ts'
import { untoleratedTaint } from '../../../api/core/pod/tolerations.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { assert } from '../../../base/assert.ts'
import type { NodeInfo } from '../../node-info.ts'
import type { NodeTable, NodeTableObserver } from '../../node-table.ts'
import type { PodInfo } from '../../pod-info.ts'
import { TopologySums } from '../../topology-sums.ts'
import { hasEveryKey, hostnameLabel, type SpreadConstraint } from './spread-constraint.ts'

/** What alike pods ask to be counted. */
export interface SpreadDemand {
  readonly namespace: string
  readonly constraints: readonly SpreadConstraint[]
  /** Nodes without all the topology labels are not counted at all (not so with upstream's own defaults). */
  readonly requiresEveryKey: boolean
  /** One of the alike: its node selector, affinity and tolerations say which nodes are counted. */
  readonly pod: core.v1.Pod
}

/** All counted nodes with one value of a constraint's label. */
export interface SpreadDomain {
  /** Matching pods on them. */
  readonly pods: number
}

interface Domain extends SpreadDomain {
  pods: number
  nodes: number
}

interface Counts {
  readonly constraint: SpreadConstraint
  readonly domains: Map<string, Domain>
  /** The domains' pods once more, to be found by a node: all but those of nodes without the label. */
  readonly sums: TopologySums
  /** How many domains have so many pods. */
  readonly levels: Map<number, number>
  /** The fewest pods of any domain; undefined: to be looked for. */
  least: number | undefined
  /** Matching pods by node, counted or not; kept for the label that every node has a value of its own of. */
  readonly byNode: Map<string, number> | undefined
}

const scheduling = ['NoSchedule', 'NoExecute']

/** Whether pods of a node count: decided by the pod that is to be spread, not by those that are there. */
function countsNode(demand: SpreadDemand, node: core.v1.Node): boolean {
  return !demand.requiresEveryKey || hasEveryKey(node.metadata?.labels, demand.constraints)
}

function countsNodeFor(constraint: SpreadConstraint, pod: core.v1.Pod, node: core.v1.Node): boolean {
  if (constraint.honorsAffinity && !admitsNode(pod, node)) return false
  return (
    !constraint.honorsTaints ||
    untoleratedTaint(node.spec?.taints, pod.spec?.tolerations, scheduling) === undefined
  )
}

/** Whether a pod that is there counts. */
function countsPod(demand: SpreadDemand, constraint: SpreadConstraint, pod: core.v1.Pod): boolean {
  const { namespace, deletionTimestamp, labels } = pod.metadata ?? {}
  if (namespace !== demand.namespace || deletionTimestamp !== undefined) return false
  return !constraint.selector.empty && constraint.selector.matches(labels)
}

/** A node without the label is its own domain; that matters only where such nodes are counted. */
export const domainOf = ({ topologyKey }: SpreadConstraint, node: core.v1.Node): string =>
  node.metadata?.labels?.[topologyKey] ?? ''

function shift(levels: Map<number, number>, level: number, by: 1 | -1): void {
  const domains = (levels.get(level) ?? 0) + by
  if (domains === 0) levels.delete(level)
  else levels.set(level, domains)
}

/** Matching pods by constraint and value of its label, kept as pods and nodes come and go. */
export class SpreadGroup implements NodeTableObserver {
  readonly demand: SpreadDemand
  readonly #counts: readonly Counts[]
  #version = 0

  constructor(demand: SpreadDemand, table: NodeTable) {
    this.demand = demand
    this.#counts = demand.constraints.map((constraint) => ({
      constraint,
      domains: new Map(),
      sums: new TopologySums(constraint.topologyKey, table),
      levels: new Map(),
      least: undefined,
      byNode: constraint.topologyKey === hostnameLabel ? new Map() : undefined,
    }))
  }

  nodeComes({ node }: NodeInfo): void {
    if (!countsNode(this.demand, node)) return
    this.#version++
    for (const counts of this.#counts) {
      if (!countsNodeFor(counts.constraint, this.demand.pod, node)) continue
      const value = domainOf(counts.constraint, node)
      const domain = counts.domains.get(value)
      if (domain) {
        domain.nodes++
        continue
      }
      counts.domains.set(value, { pods: 0, nodes: 1 })
      shift(counts.levels, 0, 1)
      counts.least = 0
    }
  }

  nodeLeaves(info: NodeInfo): void {
    for (const pod of info.pods.values()) this.podRemoved(info, pod)
    if (!countsNode(this.demand, info.node)) return
    this.#version++
    for (const counts of this.#counts) {
      if (!countsNodeFor(counts.constraint, this.demand.pod, info.node)) continue
      const value = domainOf(counts.constraint, info.node)
      const domain = counts.domains.get(value)
      assert(domain !== undefined, 'a counted node has a domain')
      if (--domain.nodes > 0) continue
      counts.domains.delete(value)
      shift(counts.levels, domain.pods, -1)
      if (counts.least === domain.pods) counts.least = undefined
    }
  }

  podAdded(info: NodeInfo, { pod }: PodInfo): void {
    this.#count(info, pod, 1)
  }

  podRemoved(info: NodeInfo, { pod }: PodInfo): void {
    this.#count(info, pod, -1)
  }

  /** Another one after every change. */
  get version(): number {
    return this.#version
  }

  /** Matching pods by the constraint's label. */
  sums(constraint: number): TopologySums {
    return this.#of(constraint).sums
  }

  /** By the constraint's place in the demand. */
  domains(constraint: number): ReadonlyMap<string, SpreadDomain> {
    return this.#of(constraint).domains
  }

  /** Of the domain with the fewest pods; 0 where there is none. */
  leastPods(constraint: number): number {
    const counts = this.#of(constraint)
    if (counts.least === undefined) {
      let least = Number.POSITIVE_INFINITY
      for (const level of counts.levels.keys()) if (level < least) least = level
      counts.least = Number.isFinite(least) ? least : 0
    }
    return counts.least
  }

  /** Of a constraint over host names only. */
  podsOnNode(constraint: number, node: string): number {
    return this.#of(constraint).byNode?.get(node) ?? 0
  }

  #of(constraint: number): Counts {
    const counts = this.#counts[constraint]
    assert(counts !== undefined, 'the constraint is one of the group')
    return counts
  }

  #count(info: NodeInfo, pod: core.v1.Pod, by: 1 | -1): void {
    const { name, node } = info
    for (const counts of this.#counts) {
      const { constraint, byNode, domains, levels } = counts
      if (!countsPod(this.demand, constraint, pod)) continue
      this.#version++
      if (byNode !== undefined) {
        const pods = (byNode.get(name) ?? 0) + by
        if (pods === 0) byNode.delete(name)
        else byNode.set(name, pods)
      }
      if (!countsNode(this.demand, node) || !countsNodeFor(constraint, this.demand.pod, node)) continue
      const domain = domains.get(domainOf(constraint, node))
      assert(domain !== undefined, 'a counted node has a domain')
      shift(levels, domain.pods, -1)
      domain.pods += by
      counts.sums.add(info, by)
      shift(levels, domain.pods, 1)
      if (counts.least === undefined) continue
      if (domain.pods < counts.least) counts.least = domain.pods
      else if (!levels.has(counts.least)) counts.least = undefined
    }
  }
}
