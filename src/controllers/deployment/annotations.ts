import type { apps } from '../../api/generated/types/index.ts'
import type { StringMap } from '../../apimachinery/meta.ts'
import { maxSurge, replicasOf } from './replica-sets.ts'

type Deployment = apps.v1.Deployment
type ReplicaSet = apps.v1.ReplicaSet

const prefix = 'deployment.kubernetes.io/'
export const revisionAnnotation = `${prefix}revision`
const revisionHistoryAnnotation = `${prefix}revision-history`
const desiredReplicasAnnotation = `${prefix}desired-replicas`
const maxReplicasAnnotation = `${prefix}max-replicas`
export const rollbackAnnotation = 'deprecated.deployment.rollback.to'

/** Characters of a revision history at most; about a hundred revisions. */
const maxHistoryLength = 2_000

const ownAnnotations: readonly string[] = [
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  rollbackAnnotation,
]

/** A whole number of 64 bits; undefined for anything else. */
export function integer(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^-?\d+$/.test(text)) return undefined
  const value = BigInt(text)
  return BigInt.asIntN(64, value) === value ? value : undefined
}

/** 0 where a set has none, or a malformed one. */
export const revisionOf = (set: ReplicaSet): bigint =>
  integer(set.metadata?.annotations?.[revisionAnnotation]) ?? 0n

export const byRevision = (a: ReplicaSet, b: ReplicaSet): number => {
  const [left, right] = [revisionOf(a), revisionOf(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** What the next newest set gets. */
export function nextRevision(old: readonly ReplicaSet[]): bigint {
  const last = old.toSorted(byRevision).at(-1)
  const highest = last === undefined ? 0n : revisionOf(last)
  return highest < 0n ? 1n : highest + 1n
}

function replicasAnnotation(set: ReplicaSet, name: string): number | undefined {
  const value = integer(set.metadata?.annotations?.[name])
  return value !== undefined && value >= 0n && value < 2n ** 31n ? Number(value) : undefined
}

/** The Deployment's size when the set was last scaled. */
export const desiredReplicas = (set: ReplicaSet): number | undefined =>
  replicasAnnotation(set, desiredReplicasAnnotation)

/** That size with its surge. */
export const maxReplicas = (set: ReplicaSet): number | undefined =>
  replicasAnnotation(set, maxReplicasAnnotation)

/** What a set remembers when it is scaled for the Deployment as it is now. */
export function scaledAnnotations(deployment: Deployment): StringMap {
  const desired = replicasOf(deployment)
  return {
    [desiredReplicasAnnotation]: String(desired),
    [maxReplicasAnnotation]: String(desired + maxSurge(deployment)),
  }
}

/** The history with one more revision; the oldest go where it becomes too long. */
function appendRevision(history: string, revision: string): string {
  if (history === '') return revision
  const revisions = [...history.split(','), revision]
  while (revisions.length > 1 && revisions.join(',').length > maxHistoryLength) revisions.shift()
  return revisions.join(',')
}

/** The annotations of the newest set: the Deployment's own, and its place in the history. */
export function newestAnnotations(
  deployment: Deployment,
  before: StringMap | undefined,
  newRevision: bigint,
): StringMap {
  const annotations: Record<string, string> = { ...before }
  for (const [name, value] of Object.entries(deployment.metadata?.annotations ?? {})) {
    if (!ownAnnotations.includes(name)) annotations[name] = value
  }
  const oldText = before?.[revisionAnnotation]
  const oldRevision = oldText === undefined || oldText === '' ? 0n : integer(oldText)
  if (oldRevision === undefined || oldRevision >= newRevision) return annotations
  annotations[revisionAnnotation] = String(newRevision)
  // An old set that becomes the newest again: somebody rolled back to it.
  if (oldText !== undefined) {
    annotations[revisionHistoryAnnotation] = appendRevision(
      before?.[revisionHistoryAnnotation] ?? '',
      oldText,
    )
  }
  return annotations
}

/** The Deployment's annotations after a rollback to a set: what is its own stays, the rest is the set's. */
export function rolledBackAnnotations(deployment: Deployment, set: ReplicaSet): StringMap {
  const own = Object.entries(deployment.metadata?.annotations ?? {}).filter(([name]) =>
    ownAnnotations.includes(name),
  )
  const taken = Object.entries(set.metadata?.annotations ?? {}).filter(
    ([name]) => !ownAnnotations.includes(name),
  )
  return Object.fromEntries([...own, ...taken])
}
