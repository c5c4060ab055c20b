import { maxNodeScore, type PreScoreResult } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import type { StatusLabel } from '../plugin-timing.ts'
import type { FeasibleNodes } from './find-nodes.ts'
import { inPlugin, PluginError } from './plugin-error.ts'
import type { PreparedCycle } from './prepared-cycle.ts'
import type { SharedWork } from './shared-work.ts'

/** One plugin's weighted points, by the node's place among those that are scored. */
export interface PointsOf {
  readonly plugin: string
  readonly at: (place: number) => number
}

interface Scorer {
  readonly plugin: string
  readonly weight: number
  readonly result: Extract<PreScoreResult, { type: 'score' }>
  /** Its points, before they are normalized, are those of all pods alike. */
  readonly isShared: boolean
}

const statusOf = ({ type }: PreScoreResult): StatusLabel => (type === 'skip' ? 'Skip' : 'Success')

/** Sums up all plugins' points for each node. One for all cycles: its arrays are used again. */
export class NodeScorer {
  readonly #totals = new Buffered()
  readonly #points: Buffered[] = []
  #columns: PointsOf[] = []

  /** Of the last cycle, until the next. */
  get columns(): readonly PointsOf[] {
    return this.#columns
  }

  /** By place in `nodes`. */
  score(cycle: PreparedCycle, feasible: FeasibleNodes): Float64Array {
    const { timer } = cycle
    const scorers = timer.point('PreScore', () => preScore(cycle, feasible.nodes))
    return timer.point('Score', () => this.#score(cycle, feasible, scorers))
  }

  #score(cycle: PreparedCycle, feasible: FeasibleNodes, scorers: readonly Scorer[]): Float64Array {
    const { indices } = feasible
    const totals = this.#totals.of(indices.length)
    this.#columns = []
    const { shared } = cycle
    if (shared === undefined) totals.fill(0)
    else {
      const own = scorers.filter(({ isShared }) => isShared)
      scoreAnew(cycle, shared, feasible, own)
      take(shared.totals, indices, totals)
    }
    for (const [at, scorer] of scorers.entries()) this.#add(cycle, feasible, scorer, at, totals)
    return totals
  }

  #add(
    { timer, shared }: PreparedCycle,
    { nodes, indices }: FeasibleNodes,
    { plugin, weight, result, isShared }: Scorer,
    at: number,
    totals: Float64Array,
  ): void {
    const row = isShared ? shared?.row(plugin) : undefined
    if (row !== undefined && result.normalize === undefined) {
      this.#columns.push({ plugin, at: (place) => (row[indices[place] ?? 0] ?? 0) * weight })
      return
    }
    this.#points[at] ??= new Buffered()
    const points = this.#points[at].of(nodes.length)
    const ask = timer.around(plugin, 'Score', () => {
      if (row === undefined) {
        givePoints(result, nodes, points)
        timer.evaluations(plugin, 'Score').count += nodes.length
      } else take(row, indices, points)
      result.normalize?.(points)
    })
    inPlugin(`running Score plugins: plugin "${plugin}" failed with`, ask)
    for (let place = 0; place < points.length; place++) {
      const score = points[place] ?? 0
      checkRange(plugin, score)
      points[place] = score * weight
      totals[place] = (totals[place] ?? 0) + score * weight
    }
    this.#columns.push({ plugin, at: (place) => points[place] ?? 0 })
  }
}

/** An array of whatever length is asked for: the same again as long as the length is. */
class Buffered {
  #values = new Float64Array(0)

  of(length: number): Float64Array {
    if (this.#values.length !== length) this.#values = new Float64Array(length)
    return this.#values
  }
}

function preScore(cycle: PreparedCycle, nodes: readonly NodeInfo[]): readonly Scorer[] {
  const { pod, profile, timer, shared } = cycle
  const scorers: Scorer[] = []
  for (const plugin of profile.scoring) {
    const weight = profile.weights.get(plugin.name) ?? 0
    const prepare = cycle.step(plugin, 'preScore')
    if (prepare === undefined) continue
    const ask = timer.around(plugin.name, 'PreScore', () => prepare(pod, nodes), statusOf)
    const result = inPlugin(`running PreScore plugin "${plugin.name}"`, ask)
    if (result.type === 'skip') continue
    timer.evaluations(plugin.name, 'PreScore').count++
    const isShared = shared?.signed.has(plugin.name) === true
    scorers.push({ plugin: plugin.name, weight, result, isShared })
  }
  return scorers
}

/** Brings values by index to the places where those indices are. */
function take(values: Float64Array, indices: readonly number[], into: Float64Array): void {
  for (let place = 0; place < indices.length; place++) into[place] = values[indices[place] ?? 0] ?? 0
}

/** Scores the nodes that have changed since an alike pod was tried. */
function scoreAnew(
  { timer }: PreparedCycle,
  shared: SharedWork,
  { nodes, indices }: FeasibleNodes,
  scorers: readonly Scorer[],
): void {
  shared.beginScores(scorers.map(({ plugin }) => plugin).join())
  const changed: NodeInfo[] = []
  for (let place = 0; place < indices.length; place++) {
    const node = shared.isScored(indices[place] ?? 0) ? undefined : nodes[place]
    if (node !== undefined) changed.push(node)
  }
  if (changed.length === 0) return
  const sums = shared.totals
  for (const { index } of changed) sums[index] = 0
  for (const { plugin, weight, result } of scorers) {
    const row = shared.row(plugin)
    const ask = timer.around(plugin, 'Score', () => {
      for (const node of changed) row[node.index] = result.score(node)
    })
    inPlugin(`running Score plugins: plugin "${plugin}" failed with`, ask)
    timer.evaluations(plugin, 'Score').count += changed.length
    if (result.normalize !== undefined) continue
    for (const { index } of changed) {
      const score = row[index] ?? 0
      checkRange(plugin, score)
      sums[index] = (sums[index] ?? 0) + score * weight
    }
  }
  for (const { index } of changed) shared.setScored(index)
}

function givePoints({ score }: Scorer['result'], nodes: readonly NodeInfo[], points: Float64Array): void {
  for (let place = 0; place < nodes.length; place++) {
    const node = nodes[place]
    if (node !== undefined) points[place] = score(node)
  }
}

function checkRange(plugin: string, score: number): void {
  if (score >= 0 && score <= maxNodeScore) return
  const range = `it should in the range of [0, ${maxNodeScore}] after normalizing`
  throw new PluginError(
    `applying score defaultWeights on Score plugins: plugin "${plugin}" returns an invalid score ${score}, ${range}`,
  )
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
