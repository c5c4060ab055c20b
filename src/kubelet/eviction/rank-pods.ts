import type { core } from '../../api/generated/types/index.ts'
import { type PodUsage, partsOf, usedAndRequested } from './pod-usage.ts'
import { resourceOf, type Signal } from './thresholds.ts'

type Pod = core.v1.Pod

interface Ranked {
  readonly pod: Pod
  /** Absent where it could not be found out: such a pod goes first. */
  readonly usage: PodUsage | undefined
}

/** The pods in the order in which they are evicted: who uses more than it asked for, then the less important, then who uses the most beyond its request. */
export function rankPods(pods: readonly Ranked[], signal: Signal, hasImageFs: boolean): readonly Pod[] {
  const resource = resourceOf(signal)
  const parts = partsOf(signal, hasImageFs)
  const measured = pods.map(({ pod, usage }) => {
    const [used, requested] = usage === undefined ? [0, 0] : usedAndRequested(pod, usage, resource, parts)
    return {
      pod,
      isKnown: usage !== undefined,
      // Nobody asks for processes: there only importance counts, then how many there are.
      exceeds: resource !== 'pids' && used > requested,
      priority: pod.spec?.priority ?? 0,
      beyond: used - requested,
    }
  })
  return measured
    .toSorted(
      (a, b) =>
        Number(a.isKnown) - Number(b.isKnown) ||
        Number(b.exceeds) - Number(a.exceeds) ||
        a.priority - b.priority ||
        b.beyond - a.beyond,
    )
    .map(({ pod }) => pod)
}
