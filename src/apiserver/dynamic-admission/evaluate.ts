import {
  type CompiledExpression,
  celLimits,
  type LazyVariables,
  type Value,
  type Variables,
} from '../../apimachinery/cel/index.ts'

/** An expression of a policy or webhook, compiled; its text is what errors show. */
export interface NamedExpression {
  readonly text: string
  readonly compiled: CompiledExpression
}

/** What expressions may still cost together. */
export interface Budget {
  left: number
}

/** No further expression is evaluated. */
export class OutOfBudget extends Error {
  override readonly name = 'OutOfBudget'

  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run')
  }
}

export type Evaluated = { readonly value: Value } | { readonly error: string }

function spend(budget: Budget, cost: number): void {
  if (cost > budget.left) throw new OutOfBudget()
  budget.left -= cost
}

/** Evaluates with upstream's errors. `composed`: the policy's variables, which cost as well. Throws OutOfBudget. */
export function evaluate(
  { text, compiled }: NamedExpression,
  variables: Variables,
  budget: Budget,
  composed?: LazyVariables,
): Evaluated {
  if ('error' in compiled) return { error: `compilation error: ${compiled.error}` }
  const result = compiled.program.evaluate(variables, { costLimit: celLimits.perCall })
  if (composed !== undefined) spend(budget, composed.takeCost())
  spend(budget, result.cost)
  return result.ok
    ? { value: result.value }
    : { error: `expression '${text}' resulted in error: ${result.error}` }
}
