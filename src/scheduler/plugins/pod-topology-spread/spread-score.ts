import { maxNodeScore, type PreScoreResult } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'
import type { NodeTable } from '../../node-table.ts'
import type { TopologyColumn } from '../../topology-column.ts'
import { hostnameLabel, type SpreadConstraint } from './spread-constraint.ts'
import { domainOf, type SpreadGroup } from './spread-group.ts'

/** The score of a node that is left out; it ends as 0. */
const leftOut = -1

/** Topologies with many values have few pods in each; their counts weigh more. */
const weightOf = (values: number): number => Math.log(values + 2)

function distinctDomains(
  constraint: SpreadConstraint,
  nodes: readonly NodeInfo[],
  column: TopologyColumn | undefined,
): number {
  if (column !== undefined) {
    // One place more for nodes without the label.
    const seen = new Uint8Array(column.size + 1)
    for (const { index } of nodes) seen[(column.ids[index] ?? -1) + 1] = 1
    let count = 0
    for (const each of seen) count += each
    return count
  }
  const values = new Set<string>()
  for (const { node } of nodes) values.add(domainOf(constraint, node))
  return values.size
}

/** Fewer matching pods in a node's domains make a higher score, as upstream weighs and scales it. */
export function spreadScore(
  group: SpreadGroup,
  constraints: readonly SpreadConstraint[],
  nodes: readonly NodeInfo[],
  table: NodeTable,
): PreScoreResult {
  const sums = constraints.map((_, place) => group.sums(place))
  const hasAll = (node: NodeInfo): boolean => !sums.some((each) => each.isAbsent(node))
  const scored = group.demand.requiresEveryKey ? nodes.filter(hasAll) : nodes
  const parts = constraints.map((constraint, place) => {
    const byHost = constraint.topologyKey === hostnameLabel
    return {
      ...{ place, byHost, tolerated: constraint.maxSkew - 1 },
      weight: weightOf(
        byHost ? scored.length : distinctDomains(constraint, scored, table.topology(constraint.topologyKey)),
      ),
      sums: group.sums(place),
    }
  })
  const all = scored.length === nodes.length
  return {
    type: 'score',
    score: (node) => {
      if (!all && !hasAll(node)) return leftOut
      let sum = 0
      for (const { place, byHost, tolerated, weight, sums: own } of parts) {
        if (own.isAbsent(node)) continue
        const pods = byHost ? group.podsOnNode(place, node.name) : own.of(node)
        sum += pods * weight + tolerated
      }
      return Math.round(sum)
    },
    normalize: normalizeSpread,
  }
}

/** Turns counts into scores: the fewest becomes 100, and all are 100 where there is nothing to count. */
function normalizeSpread(scores: Float64Array): void {
  let [least, most] = [Number.POSITIVE_INFINITY, 0]
  for (const score of scores) {
    if (score === leftOut) continue
    if (score < least) least = score
    if (score > most) most = score
  }
  scores.forEach((score, index) => {
    if (score === leftOut) scores[index] = 0
    else
      scores[index] = most === 0 ? maxNodeScore : Math.trunc((maxNodeScore * (most + least - score)) / most)
  })
}
