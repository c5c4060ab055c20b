import { aggregate } from '../../apimachinery/aggregate.ts'
import { celLimits, type Variables } from '../../apimachinery/cel/index.ts'
import type { Host } from '../../base/host.ts'
import type { AdmissionOperation } from '../admission.ts'
import type { AdmissionMetrics } from './admission-metrics.ts'
import { type Budget, evaluate, type NamedExpression, OutOfBudget } from './evaluate.ts'

/** Whose conditions they are, for metrics. */
export interface ConditionOwner {
  readonly name: string
  readonly kind: 'webhook' | 'policy'
  readonly type: 'admit' | 'validate'
}

export interface MatchConditionsOptions {
  readonly host: Host
  readonly metrics: AdmissionMetrics
  readonly owner: ConditionOwner
  readonly conditions: readonly NamedExpression[]
  /** What cannot be evaluated does not match, instead of being an error. */
  readonly ignoresFailures: boolean
}

/** `matchConditions`, compiled. All are looked at: one that is false counts more than one that fails. */
export class MatchConditions {
  readonly #options: MatchConditionsOptions

  constructor(options: MatchConditionsOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#options.conditions.length === 0
  }

  /** False: not concerned; an error: upstream's text of what could not be evaluated. */
  match(variables: Variables, operation: AdmissionOperation): boolean | { readonly error: string } {
    const { host, metrics, owner, ignoresFailures } = this.#options
    const labels = [owner.name, owner.kind, owner.type, operation]
    const startedMs = host.monotonicMs()
    const result = this.#evaluate(variables, labels)
    metrics.conditionSeconds.observe((host.monotonicMs() - startedMs) / 1000, labels)
    if (typeof result === 'boolean') return result
    return ignoresFailures ? false : result
  }

  #evaluate(variables: Variables, labels: readonly string[]): boolean | { readonly error: string } {
    const { conditions, metrics } = this.#options
    const budget: Budget = { left: celLimits.matchConditionsBudget }
    const errors: string[] = []
    try {
      let isExcluded = false
      for (const condition of conditions) {
        const result = evaluate(condition, variables, budget)
        if ('error' in result) errors.push(result.error)
        else if (result.value === false) isExcluded = true
      }
      if (errors.length > 0) metrics.conditionErrors.inc(labels, errors.length)
      if (isExcluded) return false
    } catch (error) {
      if (!(error instanceof OutOfBudget)) throw error
      return { error: error.message }
    }
    return errors.length === 0 ? true : { error: aggregate(errors) }
  }
}
