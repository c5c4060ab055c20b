import type { core } from '../../api/generated/types/index.ts'
import { clusterCriticalPriority } from '../../api/scheduling/system-priorities.ts'

/** What pods of that priority, and of those up to the next, get to end by themselves. */
export interface ShutdownPeriod {
  readonly priority: number
  readonly seconds: number
}

/** The two periods of `shutdownGracePeriod` and `shutdownGracePeriodCriticalPods`; none where the first is 0. */
export function twoPeriods(totalSeconds: number, criticalSeconds: number): readonly ShutdownPeriod[] {
  if (totalSeconds === 0 || criticalSeconds > totalSeconds) return []
  return [
    { priority: 0, seconds: totalSeconds - criticalSeconds },
    { priority: clusterCriticalPriority, seconds: criticalSeconds },
  ]
}

export const totalSeconds = (periods: readonly ShutdownPeriod[]): number =>
  periods.reduce((sum, { seconds }) => sum + seconds, 0)

export interface ShutdownGroup<T> {
  readonly seconds: number
  readonly members: readonly T[]
}

/** Who ends with whom, the least important first; who is below all priorities ends with the lowest. */
export function shutdownGroups<T>(
  periods: readonly ShutdownPeriod[],
  members: readonly T[],
  podOf: (member: T) => core.v1.Pod,
): readonly ShutdownGroup<T>[] {
  const ordered = periods.toSorted((a, b) => a.priority - b.priority)
  const groups = ordered.map(({ seconds }) => ({ seconds, members: [] as T[] }))
  for (const member of members) {
    const priority = podOf(member).spec?.priority ?? 0
    const at = ordered.findLastIndex((period) => period.priority <= priority)
    groups[Math.max(at, 0)]?.members.push(member)
  }
  return groups.filter((group) => group.members.length > 0)
}
