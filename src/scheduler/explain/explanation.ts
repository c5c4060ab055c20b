import { formatTime } from '../../apimachinery/time.ts'
import type { Attempt } from './attempt-log.ts'
import { type NeededChange, neededChanges } from './needed-changes.ts'
import { type ScoredNode, scoredNodes } from './score-sheet.ts'

export interface RefusedNode {
  readonly node: string
  /** The plugin that refused it; those after it were not asked. '' for an extender. */
  readonly plugin: string
  readonly reasons: readonly string[]
  readonly changes: readonly NeededChange[]
}

/** Why a pod is where it is, or nowhere: its last attempt. */
export interface Explanation {
  readonly namespace: string
  readonly pod: string
  readonly uid: string
  readonly schedulerName: string
  /** When the attempt ended with a choice, or without one. */
  readonly time: string
  readonly result: Attempt['result']
  readonly node?: string
  readonly message?: string
  readonly feasibleNodes: number
  /** The chosen node and the best of the others; empty where there was nothing to choose between. */
  readonly scores: readonly ScoredNode[]
  /** How many nodes were looked at and refused; `refused` has not all of many. */
  readonly refusedNodes: number
  /** Those that need the least first. */
  readonly refused: readonly RefusedNode[]
}

const missingOf = ({ changes }: RefusedNode): number =>
  changes.reduce((sum, { missing = 0 }) => sum + missing, 0)

/** Fewer changes first; among as many, the smaller amounts, which compare where they are of the same resource. */
const byEase = (a: RefusedNode, b: RefusedNode): number =>
  a.changes.length - b.changes.length ||
  missingOf(a) - missingOf(b) ||
  (a.node < b.node ? -1 : Number(a.node > b.node))

export function explain(attempt: Attempt): Explanation {
  const { info, profile, atMs, result, node, message, feasible = 0, scores, refused } = attempt
  const filters = new Set(profile.at.filter.map((plugin) => plugin.name))
  const seen = attempt.seen.map((each) => ({
    node: each.node.metadata?.name ?? '',
    plugin: each.plugin,
    reasons: each.rejection.reasons,
    changes: neededChanges(info, each, filters),
  }))
  return {
    namespace: info.pod.metadata?.namespace ?? '',
    pod: info.pod.metadata?.name ?? '',
    uid: info.uid,
    schedulerName: profile.schedulerName,
    time: formatTime(atMs),
    result,
    ...(node === undefined ? {} : { node }),
    ...(message === undefined ? {} : { message }),
    feasibleNodes: feasible,
    scores: scores === undefined ? [] : scoredNodes(scores),
    refusedNodes: refused,
    refused: seen.sort(byEase),
  }
}
