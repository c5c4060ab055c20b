import type { apps } from '../../api/generated/types/index.ts'
import { formatTime, timeMs } from '../../apimachinery/time.ts'
import { defined } from '../../base/defined.ts'
import { nonZero } from '../../base/non-zero.ts'
import { availableOf, maxUnavailable, replicasOf, sizeOf, sum } from './replica-sets.ts'

type Deployment = apps.v1.Deployment
type ReplicaSet = apps.v1.ReplicaSet
type Status = apps.v1.DeploymentStatus
type Condition = apps.v1.DeploymentCondition
type Conditions = readonly Condition[]

/** What upstream takes for "no deadline". */
const noDeadlineSeconds = 2 ** 31 - 1

const timedOutReason = 'ProgressDeadlineExceeded'
const completeReason = 'NewReplicaSetAvailable'

export const conditionOf = (conditions: Conditions | undefined, type: string): Condition | undefined =>
  conditions?.find((condition) => condition.type === type)

export function deadlineSeconds(deployment: Deployment): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds
  return seconds === noDeadlineSeconds ? undefined : seconds
}

const without = (conditions: Conditions, type: string): Conditions =>
  conditions.filter((condition) => condition.type !== type)

/** Nothing changes while status and reason stay; the time of transition only with the status. */
function withCondition(conditions: Conditions, condition: Condition): Conditions {
  const current = conditionOf(conditions, condition.type)
  if (current?.status === condition.status && current.reason === condition.reason) return conditions
  const transition =
    current?.status === condition.status ? current.lastTransitionTime : condition.lastTransitionTime
  return [...without(conditions, condition.type), defined({ ...condition, lastTransitionTime: transition })]
}

export function progressing(status: string, reason: string, message: string, nowMs: number): Condition {
  const time = formatTime(nowMs)
  return { type: 'Progressing', status, lastUpdateTime: time, lastTransitionTime: time, reason, message }
}

export const withProgress = (conditions: Conditions, condition: Condition): Conditions =>
  withCondition(conditions, condition)

/** Says that a Deployment is paused or resumed, so that the pause does not count against its deadline. */
export function pausedConditions(deployment: Deployment, nowMs: number): Conditions {
  const conditions = deployment.status?.conditions ?? []
  const current = conditionOf(conditions, 'Progressing')
  if (deadlineSeconds(deployment) === undefined || current?.reason === timedOutReason) return conditions
  const isPaused = deployment.spec?.paused === true
  if (isPaused === (current?.reason === 'DeploymentPaused')) return conditions
  return isPaused
    ? withCondition(conditions, progressing('Unknown', 'DeploymentPaused', 'Deployment is paused', nowMs))
    : withCondition(conditions, progressing('Unknown', 'DeploymentResumed', 'Deployment is resumed', nowMs))
}

function terminatingReplicas(sets: readonly ReplicaSet[]): number | undefined {
  let total = 0
  for (const { status } of sets) {
    if (status?.terminatingReplicas !== undefined) total += status.terminatingReplicas
    else if ((status?.observedGeneration ?? 0) !== 0) return undefined
  }
  return total
}

/** The numbers and the availability of a Deployment; `conditions` are what its status held, or was told since. */
export function baseStatus(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  conditions: Conditions,
  nowMs: number,
): Status {
  const all = newest === undefined ? old : [...old, newest]
  const available = sum(all, availableOf)
  const time = formatTime(nowMs)
  const times = { lastUpdateTime: time, lastTransitionTime: time }
  const isAvailable = available >= replicasOf(deployment) - maxUnavailable(deployment)
  const availability: Condition = {
    type: 'Available',
    status: isAvailable ? 'True' : 'False',
    ...times,
    reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: isAvailable
      ? 'Deployment has minimum availability.'
      : 'Deployment does not have minimum availability.',
  }
  return defined({
    observedGeneration: nonZero(deployment.metadata?.generation ?? 0),
    replicas: nonZero(sum(all, (set) => set.status?.replicas ?? 0)),
    updatedReplicas: nonZero(newest?.status?.replicas ?? 0),
    readyReplicas: nonZero(sum(all, (set) => set.status?.readyReplicas ?? 0)),
    availableReplicas: nonZero(available),
    unavailableReplicas: nonZero(Math.max(0, sum(all, sizeOf) - available)),
    terminatingReplicas: terminatingReplicas(all),
    collisionCount: deployment.status?.collisionCount,
    conditions: withCondition(conditions, availability),
  })
}

/** All wanted replicas are updated and available, and no other one is left. */
export function isComplete(deployment: Deployment, status: Status | undefined): boolean {
  const replicas = replicasOf(deployment)
  return (
    (status?.updatedReplicas ?? 0) === replicas &&
    (status?.replicas ?? 0) === replicas &&
    (status?.availableReplicas ?? 0) === replicas &&
    (status?.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  )
}

function hasProgressed(before: Status | undefined, after: Status): boolean {
  const oldReplicas = (status: Status | undefined): number =>
    (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0)
  return (
    (after.updatedReplicas ?? 0) > (before?.updatedReplicas ?? 0) ||
    oldReplicas(after) < oldReplicas(before) ||
    (after.readyReplicas ?? 0) > (before?.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before?.availableReplicas ?? 0)
  )
}

function hasTimedOut(current: Condition | undefined, seconds: number, nowMs: number): boolean {
  if (current === undefined || current.reason === completeReason) return false
  if (current.reason === timedOutReason) return true
  return timeMs(current.lastUpdateTime ?? '') + seconds * 1_000 < nowMs
}

/** The Progressing condition of a rollout. */
function progressConditions(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  status: Status,
  nowMs: number,
): Conditions {
  const conditions = status.conditions ?? []
  const seconds = deadlineSeconds(deployment)
  if (seconds === undefined) return without(conditions, 'Progressing')
  const current = conditionOf(conditions, 'Progressing')
  if (status.replicas === status.updatedReplicas && current?.reason === completeReason) return conditions
  const subject =
    newest === undefined
      ? `Deployment "${deployment.metadata?.name}"`
      : `ReplicaSet "${newest.metadata?.name}"`
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`
    return withCondition(conditions, progressing('True', completeReason, message, nowMs))
  }
  if (hasProgressed(deployment.status, status)) {
    const message = `${subject} is progressing.`
    const condition = progressing('True', 'ReplicaSetUpdated', message, nowMs)
    // Progress renews the time of the last update even when the reason stays: the deadline counts from it.
    const transition = current?.status === 'True' ? current.lastTransitionTime : condition.lastTransitionTime
    return [...without(conditions, 'Progressing'), defined({ ...condition, lastTransitionTime: transition })]
  }
  if (!hasTimedOut(current, seconds, nowMs)) return conditions
  const message = `${subject} has timed out progressing.`
  return withCondition(conditions, progressing('False', timedOutReason, message, nowMs))
}

/** The first failure of a set, those of the newest one first, becomes the Deployment's. */
function failureConditions(sets: readonly ReplicaSet[], conditions: Conditions): Conditions {
  for (const set of sets) {
    const failure = set.status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
    if (failure === undefined) continue
    const { lastTransitionTime } = failure
    return withCondition(conditions, defined({ ...failure, lastUpdateTime: lastTransitionTime }))
  }
  return without(conditions, 'ReplicaFailure')
}

/** `baseStatus` with what is known of a rollout's progress. */
export function rolloutStatus(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  conditions: Conditions,
  nowMs: number,
): Status {
  const status = baseStatus(deployment, newest, old, conditions, nowMs)
  const withProgress = progressConditions(deployment, newest, status, nowMs)
  const sets = newest === undefined ? old : [newest, ...old]
  return { ...status, conditions: failureConditions(sets, withProgress) }
}

/** Milliseconds until a rollout without progress has to be looked at again. */
export function progressCheckMs(deployment: Deployment, status: Status, nowMs: number): number | undefined {
  const seconds = deadlineSeconds(deployment)
  const current = conditionOf(status.conditions, 'Progressing')
  if (seconds === undefined || current === undefined || current.reason === timedOutReason) return undefined
  if (isComplete(deployment, status)) return undefined
  const leftMs = timeMs(current.lastUpdateTime ?? '') + seconds * 1_000 - nowMs
  // Times in conditions have whole seconds.
  return Math.max(0, leftMs) + 1_000
}
