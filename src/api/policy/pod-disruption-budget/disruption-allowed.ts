import { withStatusCondition } from '../../../apimachinery/status-conditions.ts'
import type { policy } from '../../generated/types/index.ts'

type Budget = policy.v1.PodDisruptionBudget
type Status = policy.v1.PodDisruptionBudgetStatus

export const disruptionAllowed = 'DisruptionAllowed'

/** The reason of the condition while the controller cannot tell what is allowed. */
export const syncFailed = 'SyncFailed'

const verdict = ({ disruptionsAllowed = 0 }: Status): { status: string; reason: string } =>
  disruptionsAllowed > 0
    ? { status: 'True', reason: 'SufficientPods' }
    : { status: 'False', reason: 'InsufficientPods' }

export const allowedCondition = ({ conditions = [] }: Status) =>
  conditions.find(({ type }) => type === disruptionAllowed)

/** A copy whose condition says what its number of allowed disruptions says. */
export function withAllowedCondition(status: Status, nowMs: number): Status {
  const { observedGeneration } = status
  const condition = {
    ...verdict(status),
    type: disruptionAllowed,
    message: '',
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
  }
  return { ...status, conditions: withStatusCondition(status.conditions, condition, nowMs) }
}

/** Whether the condition is what `withAllowedCondition` would make it, for this generation. */
export function isAllowedConditionCurrent({ metadata, status = {} }: Budget): boolean {
  const condition = allowedCondition(status)
  if (condition === undefined || (status.observedGeneration ?? 0) !== (metadata?.generation ?? 0))
    return false
  const wanted = verdict(status)
  return condition.status === wanted.status && condition.reason === wanted.reason
}
