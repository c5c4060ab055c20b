import type { TopologyHint } from '../topology/hint.ts'
import { countOf, masksFrom, nodesOf } from '../topology/numa-mask.ts'
import type { CpuSet } from './cpu-set.ts'
import { type CpuTopology, cpusIn } from './cpu-topology.ts'

export interface CpuHintRequest {
  readonly topology: CpuTopology
  readonly available: CpuSet
  /** What the pod has already: it has to be among what is given. */
  readonly reusable: CpuSet
  readonly count: number
  /** Nodes of as few sockets as can be are as good as as few nodes. */
  readonly bySocket: boolean
}

const socketsOf = ({ places }: CpuTopology, nodes: readonly number[]): number =>
  new Set([...places.values()].filter(({ node }) => nodes.includes(node)).map(({ socket }) => socket)).size

/** Sets of NUMA nodes with enough processors; preferred are those of the least nodes that could ever do. */
export function cpuHints(request: CpuHintRequest): readonly TopologyHint[] {
  const { topology, available, reusable, count, bySocket } = request
  const { places, nodes, socketCount } = topology
  let least = nodes.length
  const masks: bigint[] = []
  for (const mask of masksFrom(nodes)) {
    const all = cpusIn(places, 'node', nodesOf(mask))
    if (all.size >= count) least = Math.min(least, countOf(mask))
    if (!reusable.isSubsetOf(all)) continue
    if (reusable.size + available.intersection(all).size >= count) masks.push(mask)
  }
  const nodesPerSocket = Math.floor(nodes.length / Math.max(socketCount, 1))
  const leastSockets = nodesPerSocket === 0 ? 0 : Math.ceil(least / nodesPerSocket)
  return masks.map((affinity) => ({
    affinity,
    preferred:
      countOf(affinity) === least ||
      (bySocket && nodesPerSocket > 0 && socketsOf(topology, nodesOf(affinity)) === leastSockets),
  }))
}
