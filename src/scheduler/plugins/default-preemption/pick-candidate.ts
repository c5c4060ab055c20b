import type { PodInfo } from '../../pod-info.ts'
import { type Candidate, startMs } from './victims.ts'

/** Makes priorities positive, so that few victims of negative priority count less than many. */
const priorityOffset = 2 ** 31

/** When the longest-running of the most important victims started. */
function earliestStartMs(victims: readonly PodInfo[], nowMs: number): number {
  const highest = Math.max(...victims.map(({ priority }) => priority))
  return Math.min(
    ...victims.filter(({ priority }) => priority === highest).map((each) => startMs(each, nowMs)),
  )
}

/**
 * The node where least is lost: fewest budgets violated, then the least highest priority among the victims, the least
 * sum of priorities, the fewest victims, the latest start of the most important ones, the first.
 */
export function pickCandidate(candidates: readonly Candidate[], nowMs: number): Candidate | undefined {
  const measures: readonly ((candidate: Candidate) => number)[] = [
    ({ violations }) => violations,
    ({ victims }) => victims[0]?.priority ?? 0,
    ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + priorityOffset, 0),
    ({ victims }) => victims.length,
    ({ victims }) => -earliestStartMs(victims, nowMs),
  ]
  let left = candidates
  for (const measure of measures) {
    if (left.length < 2) break
    const least = left.reduce((min, each) => Math.min(min, measure(each)), Number.POSITIVE_INFINITY)
    left = left.filter((each) => measure(each) === least)
  }
  return left[0]
}
