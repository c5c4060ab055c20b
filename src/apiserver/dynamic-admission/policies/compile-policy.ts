import type { admissionregistration } from '../../../api/generated/types/index.ts'
import {
  type ExpressionUse,
  expressionUses,
  type LazyVariable,
  LazyVariables,
  PolicyCompiler,
  type PolicyEnvironments,
  type Variables,
} from '../../../apimachinery/cel/index.ts'
import type { Host } from '../../../base/host.ts'
import type { AdmissionMetrics } from '../admission-metrics.ts'
import type { NamedExpression } from '../evaluate.ts'
import { MatchConditions } from '../match-conditions.ts'

type Spec = Pick<
  admissionregistration.v1.ValidatingAdmissionPolicySpec,
  'failurePolicy' | 'paramKind' | 'matchConditions' | 'variables'
>

export interface PolicyTools {
  readonly host: Host
  readonly metrics: AdmissionMetrics
  readonly environments: PolicyEnvironments
}

/** The parts that compiled policies of both kinds have, and what compiles the rest. */
export class CompiledPolicy {
  readonly conditions: MatchConditions
  readonly ignoresFailures: boolean
  readonly hasParams: boolean
  readonly #variables: readonly LazyVariable[]
  readonly #compiler: PolicyCompiler

  constructor(name: string, spec: Spec, { host, metrics, environments }: PolicyTools) {
    const { variables = [], matchConditions = [] } = spec
    this.hasParams = spec.paramKind !== undefined
    this.ignoresFailures = spec.failurePolicy === 'Ignore'
    const { hasParams } = this
    this.#compiler = new PolicyCompiler(environments, { hasParams, hasVariables: variables.length > 0 })
    this.#variables = variables.map((variable) => {
      const compiled = this.#compiler.addVariable(variable.name, variable.expression, 'stored')
      return { name: variable.name, program: 'error' in compiled ? compiled : compiled.program }
    })
    this.conditions = new MatchConditions({
      host,
      metrics,
      owner: { name, kind: 'policy', type: 'validate' },
      ignoresFailures: this.ignoresFailures,
      conditions: matchConditions.map(({ expression }) =>
        this.expression(expression, expressionUses.matchCondition),
      ),
    })
  }

  expression(text: string, use: ExpressionUse): NamedExpression {
    return { text, compiled: this.#compiler.compile(text, use, 'stored') }
  }

  /** The policy's variables for one pass over some of its expressions, and all that these may name. */
  compose(others: Variables): { readonly variables: Variables; readonly composed?: LazyVariables } {
    if (this.#variables.length === 0) return { variables: others }
    const composed = new LazyVariables(this.#variables, others)
    return { variables: { ...others, variables: composed }, composed }
  }
}
