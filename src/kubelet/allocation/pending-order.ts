import { podRequests } from '../../api/core/pod/pod-requests.ts'
import { qosClass } from '../../api/core/pod/qos-class.ts'
import type { core } from '../../api/generated/types/index.ts'

type Pod = core.v1.Pod

/** A resize that waits. */
export interface PendingResize {
  /** As it was asked for. */
  readonly desired: Pod
  /** As it was granted. */
  readonly granted: Pod
  /** Since when it is known to wait; undefined: it was not tried yet. */
  readonly sinceMs: number | undefined
}

function growsRequests({ desired, granted }: Pick<PendingResize, 'desired' | 'granted'>): boolean {
  if (desired === granted) return false
  const [next, before] = [podRequests(desired), podRequests(granted)]
  return ['cpu', 'memory'].some((name) => (next.get(name) ?? 0) > (before.get(name) ?? 0))
}

const rank = (resize: PendingResize): readonly number[] => [
  growsRequests(resize) ? 1 : 0,
  -(resize.desired.spec?.priority ?? 0),
  qosClass(resize.desired) === 'Guaranteed' ? 0 : 1,
  resize.sinceMs ?? Number.POSITIVE_INFINITY,
]

/**
 * Who is tried first, as upstream: those that need no more than they have, then by priority, class of service,
 * and how long they wait.
 */
export function inPendingOrder<T extends PendingResize>(resizes: readonly T[]): readonly T[] {
  const ranked = resizes.map((resize) => ({ resize, rank: rank(resize) }))
  const compare = (a: readonly number[], b: readonly number[]): number => {
    const at = a.findIndex((value, index) => value !== b[index])
    return at < 0 ? 0 : (a[at] ?? 0) < (b[at] ?? 0) ? -1 : 1
  }
  return ranked.sort((a, b) => compare(a.rank, b.rank)).map(({ resize }) => resize)
}
