import { isPodReady } from '../../api/core/pod/pod-state.ts'
import type { core, policy } from '../../api/generated/types/index.ts'
import {
  isAllowedConditionCurrent,
  withAllowedCondition,
} from '../../api/policy/pod-disruption-budget/disruption-allowed.ts'
import { scaleIntOrPercent } from '../../apimachinery/int-or-string.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { IntOrString } from '../../apimachinery/meta.ts'
import { timeMs } from '../../apimachinery/time.ts'

type Budget = policy.v1.PodDisruptionBudget
type Status = policy.v1.PodDisruptionBudgetStatus
type Pod = core.v1.Pod

/** How long an evicted pod may take to be seen as going away (upstream's DeletionTimeout). */
const deletionTimeoutMs = 120_000

export interface BudgetPlan {
  /** What to write; undefined where the budget says so already. */
  readonly status: Status | undefined
  /** Evicted pods that should have been deleted, and were not. */
  readonly notDeleted: readonly Pod[]
  /** When an evicted pod has to be looked for; undefined: none is waited for. */
  readonly recheckMs: number | undefined
}

/** Whether the pods that there should be are counted by their controllers' scales, and not by themselves. */
export const countsByScale = ({ spec }: Budget): boolean =>
  spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string'

function scaled(value: IntOrString, total: number): number {
  const result = scaleIntOrPercent(value, total, true)
  if ('error' in result) throw new Error(result.error)
  return result.value
}

/** How many of the expected pods must stay healthy. Throws where the budget's limit is malformed. */
export function desiredHealthy({ spec }: Budget, expectedPods: number): number {
  if (spec?.maxUnavailable !== undefined)
    return Math.max(0, expectedPods - scaled(spec.maxUnavailable, expectedPods))
  return spec?.minAvailable === undefined ? 0 : scaled(spec.minAvailable, expectedPods)
}

/** The budget's status from the pods that it selects and how many there should be. */
export function planBudget(
  budget: Budget,
  pods: readonly Pod[],
  expected: { readonly expectedPods: number; readonly desiredHealthy: number },
  nowMs: number,
): BudgetPlan {
  const { status: old = {}, metadata } = budget
  const disruptedPods: Record<string, string> = {}
  const notDeleted: Pod[] = []
  let recheckMs: number | undefined
  let currentHealthy = 0
  for (const pod of pods) {
    if (pod.metadata?.deletionTimestamp !== undefined) continue
    const { name = '' } = pod.metadata ?? {}
    const sinceText = old.disruptedPods?.[name]
    const deadlineMs = sinceText === undefined ? undefined : timeMs(sinceText) + deletionTimeoutMs
    if (sinceText !== undefined && deadlineMs !== undefined) {
      if (deadlineMs < nowMs) notDeleted.push(pod)
      else {
        disruptedPods[name] = sinceText
        recheckMs = Math.min(recheckMs ?? deadlineMs, deadlineMs)
      }
    }
    const isGoing = deadlineMs !== undefined && deadlineMs > nowMs
    if (!isGoing && isPodReady(pod)) currentHealthy++
  }
  const surplus = currentHealthy - expected.desiredHealthy
  const next: Status = {
    currentHealthy,
    ...expected,
    // A budget that knows of no pods yet must not let its first ones go.
    disruptionsAllowed: expected.expectedPods > 0 && surplus > 0 ? surplus : 0,
    ...(Object.keys(disruptedPods).length === 0 ? {} : { disruptedPods }),
    ...(old.conditions === undefined ? {} : { conditions: old.conditions }),
    ...(metadata?.generation === undefined ? {} : { observedGeneration: metadata.generation }),
  }
  const isCurrent = jsonEqual(next, old) && isAllowedConditionCurrent(budget)
  return { status: isCurrent ? undefined : withAllowedCondition(next, nowMs), notDeleted, recheckMs }
}
