import type { PointsOf } from '../cycle/score-nodes.ts'
import type { NodeInfo } from '../node-info.ts'

/** Nodes whose points are kept of one attempt: the best, the chosen one among them. */
const maxScoredNodes = 10

/** A node's weighted points, by plugin. */
export interface ScoredNode {
  readonly node: string
  readonly total: number
  readonly points: Readonly<Record<string, number>>
}

/** Points as they were given, until somebody reads them. Best first. */
export interface KeptScores {
  readonly plugins: readonly string[]
  readonly nodes: readonly string[]
  readonly totals: readonly number[]
  /** All plugins' of the first node, then of the second. */
  readonly points: readonly number[]
}

/** Places of the chosen node and the best of the others. */
function bestPlaces(count: number, totals: Float64Array, chosen: number): readonly number[] {
  const best = [chosen]
  // The least that is among the best, once there are enough of them.
  let least = Number.NEGATIVE_INFINITY
  for (let place = 0; place < count; place++) {
    const total = totals[place] ?? 0
    if (total <= least || place === chosen) continue
    let at = best.length
    while (at > 1 && total > (totals[best[at - 1] ?? 0] ?? 0)) at--
    best.splice(at, 0, place)
    if (best.length > maxScoredNodes) best.pop()
    if (best.length === maxScoredNodes) least = totals[best.at(-1) ?? 0] ?? 0
  }
  return best
}

export function keepScores(
  nodes: readonly NodeInfo[],
  totals: Float64Array,
  columns: readonly PointsOf[],
  chosen: number,
): KeptScores {
  const best = bestPlaces(nodes.length, totals, chosen)
  const points: number[] = []
  for (const place of best) for (const { at } of columns) points.push(at(place))
  return {
    plugins: columns.map(({ plugin }) => plugin),
    nodes: best.map((place) => nodes[place]?.name ?? ''),
    totals: best.map((place) => totals[place] ?? 0),
    points,
  }
}

export const scoredNodes = ({ plugins, nodes, totals, points }: KeptScores): readonly ScoredNode[] =>
  nodes.map((node, row) => ({
    node,
    total: totals[row] ?? 0,
    points: Object.fromEntries(plugins.map((plugin, at) => [plugin, points[row * plugins.length + at] ?? 0])),
  }))
