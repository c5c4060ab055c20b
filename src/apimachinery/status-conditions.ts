import { defined } from '../base/defined.ts'
import type { Condition } from './meta.ts'
import { formatTime } from './time.ts'

/** A condition without its time. */
export type NewStatusCondition = Omit<Condition, 'lastTransitionTime'>

/** `meta.SetStatusCondition`: a copy with the condition in its place; its time changes only with its status. */
export function withStatusCondition(
  conditions: readonly Condition[] | undefined = [],
  condition: NewStatusCondition,
  nowMs: number,
): readonly Condition[] {
  const old = conditions.find(({ type }) => type === condition.type)
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : formatTime(nowMs)
  const next: Condition = defined({ ...condition, lastTransitionTime })
  return old === undefined ? [...conditions, next] : conditions.map((each) => (each === old ? next : each))
}
