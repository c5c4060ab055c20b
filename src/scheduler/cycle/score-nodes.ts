import { maxNodeScore } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import { inPlugin, PluginError } from './plugin-error.ts'
import type { PreparedCycle } from './prepared-cycle.ts'

/** Told of each plugin's weighted points, by place in `nodes`; the array is used again. */
export type ScoreWitness = (plugin: string, points: Float64Array) => void

/** The sum of all plugins' points for each node, by place. */
export function scoreNodes(
  cycle: PreparedCycle,
  nodes: readonly NodeInfo[],
  witness?: ScoreWitness,
): Float64Array {
  const totals = new Float64Array(nodes.length)
  const points = new Float64Array(nodes.length)
  const scored = new Set(cycle.profile.at.score)
  for (const plugin of cycle.profile.at.preScore) {
    const weight = cycle.profile.weights.get(plugin.name) ?? 0
    const preScore = cycle.step(plugin, 'preScore')
    if (preScore === undefined || weight === 0 || !scored.has(plugin)) continue
    const result = inPlugin(`running PreScore plugin "${plugin.name}"`, () => preScore(cycle.pod, nodes))
    if (result.type === 'skip') continue
    inPlugin(`running Score plugins: plugin "${plugin.name}" failed with`, () => {
      const { score, normalize } = result
      for (let index = 0; index < nodes.length; index++) {
        const node = nodes[index]
        if (node !== undefined) points[index] = score(node)
      }
      normalize?.(points)
    })
    addWeighted(plugin.name, points, weight, totals)
    witness?.(plugin.name, points)
  }
  return totals
}

function addWeighted(plugin: string, points: Float64Array, weight: number, totals: Float64Array): void {
  for (let index = 0; index < points.length; index++) {
    const score = points[index] ?? 0
    if (!(score >= 0 && score <= maxNodeScore)) {
      const range = `it should in the range of [0, ${maxNodeScore}] after normalizing`
      throw new PluginError(
        `applying score defaultWeights on Score plugins: plugin "${plugin}" returns an invalid score ${score}, ${range}`,
      )
    }
    points[index] = score * weight
    totals[index] = (totals[index] ?? 0) + score * weight
  }
}

/** The place of the best total; among equals each has the same chance (a reservoir of one). */
export function chooseBest(totals: Float64Array, random: () => number): number {
  let [best, equals, chosen] = [Number.NEGATIVE_INFINITY, 0, 0]
  for (let index = 0; index < totals.length; index++) {
    const total = totals[index] ?? 0
    if (total > best) {
      best = total
      equals = 1
      chosen = index
    } else if (total === best && random() * ++equals < 1) chosen = index
  }
  return chosen
}
