import { maxNodeScore, type PreScoreResult } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import type { StatusLabel } from '../plugin-timing.ts'
import { inPlugin, PluginError } from './plugin-error.ts'
import type { PreparedCycle } from './prepared-cycle.ts'

/** Told of each plugin's weighted points, by place in `nodes`; the array is used again. */
export type ScoreWitness = (plugin: string, points: Float64Array) => void

const statusOf = ({ type }: PreScoreResult): StatusLabel => (type === 'skip' ? 'Skip' : 'Success')

/** The sum of all plugins' points for each node, by place. */
export function scoreNodes(
  cycle: PreparedCycle,
  nodes: readonly NodeInfo[],
  witness?: ScoreWitness,
): Float64Array {
  const { timer } = cycle
  const scorers = timer.point('PreScore', () => preScore(cycle, nodes))
  return timer.point('Score', () => score(cycle, nodes, scorers, witness))
}

interface Scorer {
  readonly plugin: string
  readonly weight: number
  readonly result: Extract<PreScoreResult, { type: 'score' }>
}

function preScore(cycle: PreparedCycle, nodes: readonly NodeInfo[]): readonly Scorer[] {
  const { pod, profile, timer } = cycle
  const scorers: Scorer[] = []
  const scored = new Set(profile.at.score)
  for (const plugin of profile.at.preScore) {
    const weight = profile.weights.get(plugin.name) ?? 0
    const prepare = cycle.step(plugin, 'preScore')
    if (prepare === undefined || weight === 0 || !scored.has(plugin)) continue
    const ask = timer.around(plugin.name, 'PreScore', () => prepare(pod, nodes), statusOf)
    const result = inPlugin(`running PreScore plugin "${plugin.name}"`, ask)
    if (result.type === 'score') scorers.push({ plugin: plugin.name, weight, result })
  }
  return scorers
}

function score(
  { timer }: PreparedCycle,
  nodes: readonly NodeInfo[],
  scorers: readonly Scorer[],
  witness: ScoreWitness | undefined,
): Float64Array {
  const totals = new Float64Array(nodes.length)
  const points = new Float64Array(nodes.length)
  for (const { plugin, weight, result } of scorers) {
    const ask = timer.around(plugin, 'Score', () => givePoints(result, nodes, points))
    inPlugin(`running Score plugins: plugin "${plugin}" failed with`, ask)
    addWeighted(plugin, points, weight, totals)
    witness?.(plugin, points)
  }
  return totals
}

function givePoints(
  { score, normalize }: Scorer['result'],
  nodes: readonly NodeInfo[],
  points: Float64Array,
): void {
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[index]
    if (node !== undefined) points[index] = score(node)
  }
  normalize?.(points)
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
