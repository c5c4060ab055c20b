import { indexFailuresKey, indexIgnoredFailuresKey } from '../../api/batch/job/labels.ts'
import { podCondition } from '../../api/core/pod/pod-state.ts'
import type { core } from '../../api/generated/types/index.ts'
import { goInt } from '../../apimachinery/go-text.ts'
import { timeMs } from '../../apimachinery/time.ts'
import type { Pod } from './job-pod.ts'

const firstMs = 10_000
const longestMs = 600_000

/** Failures of a job's pods since one has last succeeded. */
export interface Failures {
  readonly count: number
  readonly lastMs: number
}

export const noFailures: Failures = { count: 0, lastMs: 0 }

/** When the last of the containers ended; undefined while one has not. */
function containersEndedMs({ spec, status }: Pod): number | undefined {
  const sidecars = (spec?.initContainers ?? [])
    .filter(({ restartPolicy }) => restartPolicy === 'Always')
    .map(({ name }) => name)
  const isSidecar = ({ name }: core.v1.ContainerStatus): boolean => sidecars.includes(name)
  const statuses = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []).filter(isSidecar),
  ]
  let lastMs: number | undefined
  for (const { state } of statuses) {
    const ended = state?.terminated?.finishedAt
    if (!ended) return undefined
    lastMs = Math.max(lastMs ?? 0, timeMs(ended))
  }
  return lastMs
}

/** When a pod has ended: by its containers, its readiness, its deletion, whichever is known first. */
export function podFinishedMs(pod: Pod): number {
  const ended = containersEndedMs(pod)
  if (ended !== undefined) return ended
  const ready = podCondition(pod, 'Ready')
  if (ready?.status === 'False' && ready.lastTransitionTime) return timeMs(ready.lastTransitionTime)
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata ?? {}
  if (deletionTimestamp !== undefined) return timeMs(deletionTimestamp) - deletionGracePeriodSeconds * 1_000
  return creationTimestamp ? timeMs(creationTimestamp) : 0
}

const latest = (times: readonly number[]): number =>
  times.reduce((last, ms) => Math.max(last, ms), Number.NEGATIVE_INFINITY)

/** With pods that have ended since: a success forgives the failures before it. */
export function nextFailures(before: Failures, succeeded: readonly Pod[], failed: readonly Pod[]): Failures {
  const forgivenMs = latest(succeeded.map(podFinishedMs))
  const since = failed.map(podFinishedMs).filter((ms) => ms > forgivenMs)
  const base = succeeded.length === 0 ? before : noFailures
  if (since.length === 0) return base
  return { count: base.count + since.length, lastMs: latest(since) }
}

/** How long no pod is made: 10 s after the first failure, doubled with each, at most ten minutes. */
export function backOffMs({ count, lastMs }: Failures, nowMs: number): number {
  if (count === 0) return 0
  return Math.max(0, lastMs + Math.min(firstMs * 2 ** (count - 1), longestMs) - nowMs)
}

function annotatedCount(pod: Pod, key: string): number {
  const count = goInt(pod.metadata?.annotations?.[key]) ?? 0
  return count >= 0 && count < 2 ** 31 ? count : 0
}

/** How many pods of its index had failed before this one. */
export const indexFailures = (pod: Pod): number => annotatedCount(pod, indexFailuresKey)

/** How many more had failed in a way that the policy ignores. */
export const ignoredIndexFailures = (pod: Pod): number => annotatedCount(pod, indexIgnoredFailuresKey)

/** For an index whose last pod has failed. */
export const failuresOfIndex = (last: Pod): Failures => ({
  count: indexFailures(last) + ignoredIndexFailures(last) + 1,
  lastMs: podFinishedMs(last),
})
