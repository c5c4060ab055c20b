import { maxNodeScore, type PreScoreResult } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'
import { hasEveryKey, hostnameLabel, type SpreadConstraint } from './spread-constraint.ts'
import { domainOf, type SpreadGroup } from './spread-group.ts'

/** The score of a node that is left out; it ends as 0. */
const leftOut = -1

/** Topologies with many values have few pods in each; their counts weigh more. */
const weightOf = (values: number): number => Math.log(values + 2)

function distinctDomains(constraint: SpreadConstraint, nodes: readonly NodeInfo[]): number {
  const values = new Set<string>()
  for (const { node } of nodes) values.add(domainOf(constraint, node))
  return values.size
}

/** Fewer matching pods in a node's domains make a higher score, as upstream weighs and scales it. */
export function spreadScore(
  group: SpreadGroup,
  constraints: readonly SpreadConstraint[],
  nodes: readonly NodeInfo[],
): PreScoreResult {
  const scored = group.demand.requiresEveryKey
    ? nodes.filter(({ node }) => hasEveryKey(node.metadata?.labels, constraints))
    : nodes
  const parts = constraints.map((constraint, place) => {
    const byHost = constraint.topologyKey === hostnameLabel
    return {
      ...{ place, byHost, key: constraint.topologyKey, tolerated: constraint.maxSkew - 1 },
      weight: weightOf(byHost ? scored.length : distinctDomains(constraint, scored)),
      domains: group.domains(place),
    }
  })
  const all = scored.length === nodes.length
  return {
    type: 'score',
    score: ({ name, node }) => {
      const labels = node.metadata?.labels
      if (!all && !hasEveryKey(labels, constraints)) return leftOut
      let sum = 0
      for (const { place, byHost, key, tolerated, weight, domains } of parts) {
        const value = labels?.[key]
        if (value === undefined) continue
        const pods = byHost ? group.podsOnNode(place, name) : (domains.get(value)?.pods ?? 0)
        sum += pods * weight + tolerated
      }
      return Math.round(sum)
    },
    normalize: normalizeSpread,
  }
}

/** Turns counts into scores: the fewest becomes 100, and all are 100 where there is nothing to count. */
export function normalizeSpread(scores: Float64Array): void {
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
