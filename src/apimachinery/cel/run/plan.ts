import type { Value } from '../values/value.ts'
import type { Attribute } from './attribute.ts'
import type { Evaluate } from './frame.ts'

/** A node, planned: with its value where that is constant, and as an attribute where steps can be added. */
export interface Plan {
  readonly evaluate: Evaluate
  readonly constant?: Value
  readonly attribute?: Attribute
}

/** What cannot be planned: a constant that no value comes of. The message is for the user. */
export class PlanError extends Error {}

export const constantPlan = (value: Value): Plan => ({ evaluate: () => value, constant: value })

export const attributePlan = (attribute: Attribute): Plan => ({
  attribute,
  evaluate:
    attribute.ownCost === 0
      ? attribute.resolve
      : (frame) => {
          const value = attribute.resolve(frame)
          frame.charge(1)
          return value
        },
})

export const isConstant = (plan: Plan): boolean => plan.constant !== undefined
