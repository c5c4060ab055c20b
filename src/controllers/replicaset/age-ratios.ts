import { isPodReady } from '../../api/core/pod/pod-state.ts'
import type { core } from '../../api/generated/types/index.ts'
import { timeMs } from '../../apimachinery/time.ts'

const createdMs = ({ metadata }: core.v1.Pod): number => timeMs(metadata?.creationTimestamp ?? '')

/** How many times as old as the youngest ready pod those are that go, ready ones alone. */
export function ageRatios(
  pods: readonly core.v1.Pod[],
  removed: readonly core.v1.Pod[],
  nowMs: number,
): readonly number[] {
  let youngestMs = Number.POSITIVE_INFINITY
  for (const pod of pods) if (isPodReady(pod)) youngestMs = Math.min(youngestMs, nowMs - createdMs(pod))
  if (youngestMs <= 0) return []
  return removed.filter(isPodReady).map((pod) => Math.trunc((nowMs - createdMs(pod)) / youngestMs))
}
