import { timeMs } from '../../../apimachinery/time.ts'
import type { FailedAttempt, Rejection } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'
import type { PodInfo } from '../../pod-info.ts'
import type { Budgets } from './budgets.ts'

/** A node where the pod would fit, and who would have to go. */
export interface Candidate {
  readonly node: NodeInfo
  /** The most important first. Empty: it fits as the node is, and something else keeps it away. */
  readonly victims: readonly PodInfo[]
  /** How many of them go although their disruption budgets do not allow it. */
  readonly violations: number
}

/** Pods that have not started yet count as started now. */
export const startMs = ({ pod }: PodInfo, nowMs: number): number =>
  pod.status?.startTime === undefined ? nowMs : timeMs(pod.status.startTime)

/** Negative where `left` is the more important: higher priority, then longer running. */
const byImportance =
  (nowMs: number) =>
  (left: PodInfo, right: PodInfo): number =>
    right.priority - left.priority || startMs(left, nowMs) - startMs(right, nowMs)

const noVictims: Rejection = {
  resolvable: false,
  reasons: ['No preemption victims found for incoming pod'],
}

/**
 * The fewest pods of lower priority that have to leave the node for the pod to fit: all leave, then as many as
 * possible are reprieved, those first whose budgets are exhausted, the more important before others. The picture is
 * as before when this returns.
 */
export function selectVictims(
  attempt: FailedAttempt,
  node: NodeInfo,
  budgets: Budgets,
  nowMs: number,
): Candidate | Rejection {
  const { pod, suppose, check } = attempt
  const lower = [...node.pods.values()].filter((other) => other.priority < pod.priority)
  if (lower.length === 0) return noVictims
  const gone = new Set(lower)
  for (const other of lower) suppose.remove(other, node)
  try {
    const rejection = check(node)
    if (rejection !== undefined) return rejection
    const { violating, others } = budgets.split(lower.sort(byImportance(nowMs)))
    let violations = 0
    const reprieve = (other: PodInfo): boolean => {
      suppose.add(other, node)
      gone.delete(other)
      if (check(node) === undefined) return true
      suppose.remove(other, node)
      gone.add(other)
      return false
    }
    for (const other of violating) if (!reprieve(other)) violations++
    for (const other of others) reprieve(other)
    const victims = [...gone].sort(byImportance(nowMs))
    return { node, victims, violations }
  } finally {
    for (const other of gone) suppose.add(other, node)
  }
}
