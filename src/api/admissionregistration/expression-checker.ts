import {
  type ExpressionUse,
  expressionUses,
  PolicyCompiler,
  PolicyEnvironments,
} from '../../apimachinery/cel/index.ts'

/** Environments never change: all clusters of a process may have the same. */
const environments = new PolicyEnvironments()

export type ExpressionKind = keyof typeof expressionUses

/** Expressions that are stored already, by what they are for: they may use what older versions had. */
export type StoredExpressions = Readonly<Partial<Record<ExpressionKind, readonly (string | undefined)[]>>>

/** Compiles the expressions of one policy or webhook while it is validated. */
export class ExpressionChecker {
  readonly #compiler: PolicyCompiler
  readonly #conditions: PolicyCompiler
  readonly #stored: StoredExpressions

  constructor(options: {
    readonly hasParams: boolean
    readonly hasVariables: boolean
    readonly stored: StoredExpressions
  }) {
    this.#compiler = new PolicyCompiler(environments, options)
    this.#conditions = new PolicyCompiler(environments, { ...options, hasVariables: false })
    this.#stored = options.stored
  }

  /** What is wrong with an expression, in upstream's words; undefined if nothing is. */
  complaint(kind: ExpressionKind, text: string): string | undefined {
    const use: ExpressionUse = expressionUses[kind]
    const compiler = kind === 'matchCondition' ? this.#conditions : this.#compiler
    const compiled = compiler.compile(text, use, this.#age(kind, text))
    return 'error' in compiled ? compiled.error : undefined
  }

  /** Later expressions may use the variable. */
  variableComplaint(name: string, text: string): string | undefined {
    const compiled = this.#compiler.addVariable(name, text, this.#age('validation', text))
    return 'error' in compiled ? compiled.error : undefined
  }

  #age(kind: ExpressionKind, text: string): 'new' | 'stored' {
    return this.#stored[kind]?.includes(text) === true ? 'stored' : 'new'
  }
}
