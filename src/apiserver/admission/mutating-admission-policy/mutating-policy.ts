import type { admissionregistration } from '../../../api/generated/types/index.ts'
import { celLimits, expressionUses, type Value, type Variables } from '../../../apimachinery/cel/index.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { evaluate, type NamedExpression, OutOfBudget } from '../../dynamic-admission/evaluate.ts'
import { CompiledPolicy, type PolicyTools } from '../../dynamic-admission/policies/compile-policy.ts'

export interface MutatingPolicyObject extends KubernetesObject {
  readonly spec?: admissionregistration.v1.MutatingAdmissionPolicySpec
}

/** What an expression gives is applied as. */
export type PatchType = 'JSONPatch' | 'ApplyConfiguration'

interface CompiledMutation {
  readonly patchType: PatchType
  readonly expression: NamedExpression
}

/** A mutation that could not be worked out or applied; the message is upstream's. */
export class MutationError extends Error {
  override readonly name = 'MutationError'
}

/** A MutatingAdmissionPolicy, compiled. */
export class MutatingPolicy {
  readonly reinvokes: boolean
  readonly #parts: CompiledPolicy
  readonly #mutations: readonly CompiledMutation[]

  constructor({ metadata, spec }: MutatingPolicyObject, tools: PolicyTools) {
    const parts = new CompiledPolicy(metadata?.name ?? '', spec ?? {}, tools)
    this.#parts = parts
    this.reinvokes = spec?.reinvocationPolicy === 'IfNeeded'
    this.#mutations = (spec?.mutations ?? []).map(({ patchType, jsonPatch, applyConfiguration }) =>
      patchType === 'JSONPatch'
        ? { patchType, expression: parts.expression(jsonPatch?.expression ?? '', expressionUses.jsonPatch) }
        : {
            patchType: 'ApplyConfiguration',
            expression: parts.expression(
              applyConfiguration?.expression ?? '',
              expressionUses.applyConfiguration,
            ),
          },
    )
  }

  get mutations(): readonly { readonly patchType: PatchType }[] {
    return this.#mutations
  }

  get conditions(): CompiledPolicy['conditions'] {
    return this.#parts.conditions
  }

  /** What the expression of a mutation gives. Throws MutationError. */
  evaluate(index: number, others: Variables): Value {
    const { expression } = this.#mutations[index] ?? {}
    if (expression === undefined) return null
    // Upstream says here what the compiler said, and nothing in front of it.
    if ('error' in expression.compiled) throw new MutationError(expression.compiled.error)
    const { variables, composed } = this.#parts.compose(others)
    try {
      const result = evaluate(expression, variables, { left: celLimits.runtimeBudget }, composed)
      if ('error' in result) throw new MutationError(result.error)
      return result.value
    } catch (error) {
      if (error instanceof OutOfBudget) throw new MutationError(error.message)
      throw error
    }
  }
}
