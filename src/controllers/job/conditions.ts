import type { batch } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'

export type Condition = batch.v1.JobCondition

export interface Reason {
  readonly reason: string
  readonly message: string
}

export const trueCondition = (
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined => conditions?.find((each) => each.type === type && each.status === 'True')

/** The list with the condition; the same list where it says so already, or would only deny what nobody has said. */
export function withCondition(
  conditions: readonly Condition[],
  type: string,
  status: 'True' | 'False',
  { reason, message }: Reason,
  nowMs: number,
): readonly Condition[] {
  const known = conditions.find((each) => each.type === type)
  if (known === undefined && status === 'False') return conditions
  if (known?.status === status && known.reason === reason && known.message === message) return conditions
  const time = formatTime(nowMs)
  const next = { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message }
  return known === undefined
    ? [...conditions, next]
    : conditions.map((each) => (each === known ? next : each))
}
