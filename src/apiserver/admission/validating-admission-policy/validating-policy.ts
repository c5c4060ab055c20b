import type { admissionregistration } from '../../../api/generated/types/index.ts'
import { celLimits, expressionUses, type Variables } from '../../../apimachinery/cel/index.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import type { AdmissionOperation } from '../../admission.ts'
import {
  type Budget,
  type Evaluated,
  evaluate,
  type NamedExpression,
  OutOfBudget,
} from '../../dynamic-admission/evaluate.ts'
import { CompiledPolicy, type PolicyTools } from '../../dynamic-admission/policies/compile-policy.ts'

export interface ValidatingPolicyObject extends KubernetesObject {
  readonly spec?: admissionregistration.v1.ValidatingAdmissionPolicySpec
}

/** What one expression says of a request. */
export interface Decision {
  readonly action: 'admit' | 'deny'
  /** It could not be evaluated; the failure policy made the action of it. */
  readonly failed: boolean
  readonly message: string
  /** '' where nothing was said. */
  readonly reason: string
}

export type AnnotationResult =
  | { readonly key: string; readonly value: string }
  | { readonly key: string; readonly error: string }

export interface ValidationResult {
  readonly decisions: readonly Decision[]
  readonly annotations: readonly AnnotationResult[]
}

interface CompiledValidation {
  readonly expression: NamedExpression
  readonly messageExpression: NamedExpression | undefined
  readonly message: string
  readonly reason: string
}

interface CompiledAnnotation {
  readonly key: string
  readonly expression: NamedExpression
}

const nothing: ValidationResult = { decisions: [], annotations: [] }

/** A ValidatingAdmissionPolicy, compiled. */
export class ValidatingPolicy {
  readonly #parts: CompiledPolicy
  readonly #validations: readonly CompiledValidation[]
  readonly #annotations: readonly CompiledAnnotation[]

  constructor({ metadata, spec = {} }: ValidatingPolicyObject, tools: PolicyTools) {
    const parts = new CompiledPolicy(metadata?.name ?? '', spec, tools)
    this.#parts = parts
    this.#validations = (spec.validations ?? []).map(
      ({ expression, message = '', messageExpression = '', reason }) => ({
        expression: parts.expression(expression, expressionUses.validation),
        messageExpression:
          messageExpression === ''
            ? undefined
            : parts.expression(messageExpression, expressionUses.messageExpression),
        message,
        reason: reason ?? 'Invalid',
      }),
    )
    this.#annotations = (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
      key,
      expression: parts.expression(valueExpression.trim(), expressionUses.auditAnnotation),
    }))
  }

  /** `conditions`: without the namespace, which match conditions do not see. */
  validate(variables: Variables, conditions: Variables, operation: AdmissionOperation): ValidationResult {
    const met = this.#parts.conditions.match(conditions, operation)
    if (met === false) return nothing
    if (met !== true) return this.#failure(met.error)
    // Messages and annotations are made without asking who may do what.
    const { authorizer: _authorizer, 'authorizer.requestResource': _resource, ...unasking } = variables
    try {
      const decisions = this.#decide(variables, unasking)
      return { decisions, annotations: this.#annotate(unasking) }
    } catch (error) {
      if (!(error instanceof OutOfBudget)) throw error
      return this.#failure(error.message)
    }
  }

  #failed(message: string): Decision {
    const action = this.#parts.ignoresFailures ? 'admit' : 'deny'
    return { action, failed: true, message, reason: '' }
  }

  #failure(message: string): ValidationResult {
    return { decisions: [this.#failed(message)], annotations: [] }
  }

  #decide(variables: Variables, unasking: Variables): readonly Decision[] {
    const budget: Budget = { left: celLimits.runtimeBudget }
    const results = this.#pass(
      this.#validations.map(({ expression }) => expression),
      variables,
      budget,
    )
    let messages: readonly (Evaluated | undefined)[] = []
    let messageError: string | undefined
    try {
      messages = this.#pass(
        this.#validations.map(({ messageExpression }) => messageExpression),
        unasking,
        budget,
      )
    } catch (error) {
      if (!(error instanceof OutOfBudget)) throw error
      messageError = error.message
    }
    return this.#validations.map((validation, index) => {
      const result = results[index]
      if (result === undefined || 'error' in result) return this.#failed(result?.error ?? '')
      if (messageError !== undefined) return this.#failed(`failed messageExpression: ${messageError}`)
      if (result.value === true) return { action: 'admit', failed: false, message: '', reason: '' }
      const message = messageOf(validation, messages[index])
      return { action: 'deny', failed: false, message, reason: validation.reason }
    })
  }

  #pass(
    expressions: readonly (NamedExpression | undefined)[],
    others: Variables,
    budget: Budget,
  ): readonly (Evaluated | undefined)[] {
    const { variables, composed } = this.#parts.compose(others)
    return expressions.map((expression) =>
      expression === undefined ? undefined : evaluate(expression, variables, budget, composed),
    )
  }

  #annotate(variables: Variables): readonly AnnotationResult[] {
    const budget: Budget = { left: celLimits.runtimeBudget }
    const expressions = this.#annotations.map(({ expression }) => expression)
    const results = this.#pass(expressions, variables, budget)
    return this.#annotations.flatMap(({ key }, index): readonly AnnotationResult[] => {
      const result = results[index]
      if (result === undefined) return []
      if ('error' in result) return this.#parts.ignoresFailures ? [] : [{ key, error: result.error }]
      const value = typeof result.value === 'string' ? result.value.trim() : ''
      return value === '' ? [] : [{ key, value }]
    })
  }
}

/** Why a validation failed: what the expression says if that is a line, else the text, else the rule itself. */
function messageOf({ expression, message }: CompiledValidation, made: Evaluated | undefined): string {
  const said =
    made !== undefined && 'value' in made && typeof made.value === 'string' ? made.value.trim() : ''
  if (said !== '' && utf8Length(said) <= celLimits.messageBytes && !said.includes('\n')) return said
  return message === '' ? `failed expression: ${expression.text.trim()}` : message.trim()
}
