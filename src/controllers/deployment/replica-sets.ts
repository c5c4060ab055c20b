import type { apps, core } from '../../api/generated/types/index.ts'
import { scaledValue } from '../../apimachinery/int-or-string.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import { timeMs } from '../../apimachinery/time.ts'

type Deployment = apps.v1.Deployment
type ReplicaSet = apps.v1.ReplicaSet

export const templateHashLabel = 'pod-template-hash'

const defaultFraction = '25%'

export const replicasOf = (deployment: Deployment): number => deployment.spec?.replicas ?? 1
export const sizeOf = (set: ReplicaSet): number => set.spec?.replicas ?? 0
export const availableOf = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0

export const isRollingUpdate = (deployment: Deployment): boolean =>
  (deployment.spec?.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate'

/** Pods above the wanted number that an update may have. */
export function maxSurge(deployment: Deployment): number {
  if (!isRollingUpdate(deployment)) return 0
  const value = deployment.spec?.strategy?.rollingUpdate?.maxSurge ?? defaultFraction
  return scaledValue(value, replicasOf(deployment), true)
}

/** Pods below the wanted number that an update may have; one where rounding would forbid every step. */
export function maxUnavailable(deployment: Deployment): number {
  const replicas = replicasOf(deployment)
  if (!isRollingUpdate(deployment) || replicas === 0) return 0
  const value = deployment.spec?.strategy?.rollingUpdate?.maxUnavailable ?? defaultFraction
  const unavailable = scaledValue(value, replicas, false)
  return Math.min(unavailable === 0 && maxSurge(deployment) === 0 ? 1 : unavailable, replicas)
}

export const sum = (sets: readonly ReplicaSet[], value: (set: ReplicaSet) => number): number =>
  sets.reduce((total, set) => total + value(set), 0)

export const activeSets = (sets: readonly ReplicaSet[]): readonly ReplicaSet[] =>
  sets.filter((set) => sizeOf(set) > 0)

function compareAge(a: ReplicaSet, b: ReplicaSet): number {
  const created = (set: ReplicaSet): number => timeMs(set.metadata?.creationTimestamp ?? '')
  const difference = created(a) - created(b)
  if (difference !== 0 && !Number.isNaN(difference)) return difference
  return (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1
}

export const oldestFirst = (sets: readonly ReplicaSet[]): readonly ReplicaSet[] => [...sets].sort(compareAge)

/** Biggest first; of two of one size the newer one, or the older one. */
export const biggestFirst = (sets: readonly ReplicaSet[], newerFirst: boolean): readonly ReplicaSet[] =>
  [...sets].sort((a, b) => sizeOf(b) - sizeOf(a) || (newerFirst ? compareAge(b, a) : compareAge(a, b)))

function withoutHash(template: core.v1.PodTemplateSpec | undefined): unknown {
  const { [templateHashLabel]: _hash, ...labels } = template?.metadata?.labels ?? {}
  return { ...template, metadata: { ...template?.metadata, labels, creationTimestamp: undefined } }
}

/** Whether two templates make the same pods; the label with the template's hash does not count. */
export function sameTemplate(
  a: core.v1.PodTemplateSpec | undefined,
  b: core.v1.PodTemplateSpec | undefined,
): boolean {
  return semanticallyEqual(withoutHash(a), withoutHash(b))
}

export interface SplitSets {
  /** The oldest one that has the Deployment's template. */
  readonly newest: ReplicaSet | undefined
  readonly old: readonly ReplicaSet[]
}

export function splitSets(deployment: Deployment, sets: readonly ReplicaSet[]): SplitSets {
  const template = deployment.spec?.template
  const newest = oldestFirst(sets).find((set) => sameTemplate(set.spec?.template, template))
  return { newest, old: sets.filter((set) => set !== newest) }
}
