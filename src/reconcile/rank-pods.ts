import { isPodActive, isPodReady, podReadySinceMs } from '../api/core/pod/pod-state.ts'
import type { core } from '../api/generated/types/index.ts'
import { timeMs } from '../apimachinery/time.ts'

type Pod = core.v1.Pod

const phaseOrder: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost'

/** What the order of deletion looks at, taken from a pod once. */
interface Ranked {
  readonly pod: Pod
  readonly isAssigned: boolean
  readonly phase: number
  readonly isReady: boolean
  readonly deletionCost: number
  /** Active pods of the same owner on the same node. */
  readonly neighbours: number
  readonly readySinceMs: number | undefined
  readonly restarts: number
  readonly sidecarRestarts: number
  readonly createdMs: number | undefined
}

/** A malformed cost counts as none, as upstream's. */
function deletionCostOf(pod: Pod): number {
  const text = pod.metadata?.annotations?.[deletionCostAnnotation] ?? ''
  return /^(0|-?[1-9]\d{0,9})$/.test(text) && Math.abs(Number(text)) < 2 ** 31 ? Number(text) : 0
}

function mostRestarts(statuses: readonly core.v1.ContainerStatus[] | undefined): number {
  return (statuses ?? []).reduce((most, { restartCount = 0 }) => Math.max(most, restartCount), 0)
}

function rankOf(pod: Pod, podsOnNode: ReadonlyMap<string, number>): Ranked {
  const sidecars = (pod.spec?.initContainers ?? [])
    .filter(({ restartPolicy }) => restartPolicy === 'Always')
    .map(({ name }) => name)
  const created = pod.metadata?.creationTimestamp
  return {
    pod,
    isAssigned: (pod.spec?.nodeName ?? '') !== '',
    phase: phaseOrder[pod.status?.phase ?? ''] ?? 0,
    isReady: isPodReady(pod),
    deletionCost: deletionCostOf(pod),
    neighbours: podsOnNode.get(pod.spec?.nodeName ?? '') ?? 0,
    readySinceMs: podReadySinceMs(pod),
    restarts: mostRestarts(pod.status?.containerStatuses),
    sidecarRestarts: mostRestarts(
      pod.status?.initContainerStatuses?.filter(({ name }) => sidecars.includes(name)),
    ),
    createdMs: created ? timeMs(created) : undefined,
  }
}

/** Nanoseconds on a scale of powers of two, so that ages that are alike count as equal. */
function logarithmicAge(atMs: number, nowMs: number): number {
  const ageNs = (nowMs - atMs) * 1e6
  return ageNs > 0 ? Math.floor(Math.log2(ageNs)) : -1
}

/** The younger one first; those without a time before all; those of similar age in the order of their uids. */
function compareTimes(a: number | undefined, b: number | undefined, nowMs: number, pods: [Pod, Pod]): number {
  if (a === b) return 0
  if (a === undefined) return -1
  if (b === undefined) return 1
  const difference = logarithmicAge(a, nowMs) - logarithmicAge(b, nowMs)
  if (difference !== 0) return difference
  return (pods[0].metadata?.uid ?? '') < (pods[1].metadata?.uid ?? '') ? -1 : 1
}

/** `after`: what comes after readiness and before age; `times`: which of two times is the younger. */
function compare(a: Ranked, b: Ranked, after: number, times: (a?: number, b?: number) => number): number {
  return (
    Number(a.isAssigned) - Number(b.isAssigned) ||
    a.phase - b.phase ||
    Number(a.isReady) - Number(b.isReady) ||
    after ||
    (a.isReady && b.isReady ? times(a.readySinceMs, b.readySinceMs) : 0) ||
    b.restarts - a.restarts ||
    b.sidecarRestarts - a.sidecarRestarts ||
    times(a.createdMs, b.createdMs)
  )
}

function compareReplicas(a: Ranked, b: Ranked, nowMs: number): number {
  const after = a.deletionCost - b.deletionCost || b.neighbours - a.neighbours
  return compare(a, b, after, (one, other) => compareTimes(one, other, nowMs, [a.pod, b.pod]))
}

/** The younger one first, what has no time before all. */
const exactTimes = (a = Number.POSITIVE_INFINITY, b = Number.POSITIVE_INFINITY): number =>
  a === b ? 0 : b - a

/** Pods in the order in which they should go, for workloads that look at nothing but the pods themselves. */
export const rankActivePods = (pods: readonly Pod[]): readonly Pod[] =>
  pods
    .map((pod) => rankOf(pod, new Map()))
    .sort((a, b) => compare(a, b, 0, exactTimes))
    .map(({ pod }) => pod)

/**
 * Replicas in the order in which they should go: first what is not assigned, earlier in its life, not ready, of
 * lower deletion cost (KEP-2255), on a node with more of its kind (`related`), ready for less time, restarted
 * more often, younger (KEP-2185).
 */
export function rankPods(pods: readonly Pod[], related: readonly Pod[], nowMs: number): readonly Pod[] {
  const podsOnNode = new Map<string, number>()
  for (const pod of related) {
    if (!isPodActive(pod)) continue
    const node = pod.spec?.nodeName ?? ''
    podsOnNode.set(node, (podsOnNode.get(node) ?? 0) + 1)
  }
  return pods
    .map((pod) => rankOf(pod, podsOnNode))
    .sort((a, b) => compareReplicas(a, b, nowMs))
    .map(({ pod }) => pod)
}
