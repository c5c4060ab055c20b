import type { NodeInfo } from '../node-info.ts'

/** Nodes whose points are kept of one attempt: the best, the chosen one among them. */
const maxScoredNodes = 10

/** A node's weighted points, by plugin. */
export interface ScoredNode {
  readonly node: string
  readonly total: number
  readonly points: Readonly<Record<string, number>>
}

/** Points as they were given, until somebody reads them. */
export interface KeptScores {
  readonly plugins: readonly string[]
  /** Best first. */
  readonly nodes: readonly {
    readonly node: string
    readonly total: number
    readonly points: readonly number[]
  }[]
}

/** One for all attempts: its arrays are used again. */
export class ScoreSheet {
  #plugins: string[] = []
  #rows: Float64Array[] = []

  begin(): void {
    this.#plugins = []
  }

  /** Takes the points that one plugin has given, by place. */
  note(plugin: string, points: Float64Array): void {
    const at = this.#plugins.push(plugin) - 1
    let row = this.#rows[at]
    if (row === undefined || row.length < points.length) {
      row = new Float64Array(points.length)
      this.#rows[at] = row
    }
    row.set(points)
  }

  /** Of the chosen node and the best of the others. */
  keep(nodes: readonly NodeInfo[], totals: Float64Array, chosen: number): KeptScores {
    const best = [chosen]
    for (let index = 0; index < nodes.length; index++) {
      if (index === chosen) continue
      const total = totals[index] ?? 0
      const last = best.at(-1) ?? 0
      if (best.length === maxScoredNodes && total <= (totals[last] ?? 0)) continue
      let place = best.length
      while (place > 1 && total > (totals[best[place - 1] ?? 0] ?? 0)) place--
      best.splice(place, 0, index)
      if (best.length > maxScoredNodes) best.pop()
    }
    return {
      plugins: this.#plugins,
      nodes: best.map((index) => ({
        node: nodes[index]?.name ?? '',
        total: totals[index] ?? 0,
        points: this.#plugins.map((_, at) => this.#rows[at]?.[index] ?? 0),
      })),
    }
  }
}

export const scoredNodes = ({ plugins, nodes }: KeptScores): readonly ScoredNode[] =>
  nodes.map(({ node, total, points }) => ({
    node,
    total,
    points: Object.fromEntries(plugins.map((plugin, at) => [plugin, points[at] ?? 0])),
  }))
