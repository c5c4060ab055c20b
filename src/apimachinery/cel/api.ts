import type { CostEstimate, SizeEstimator } from './cost/estimates.ts'
import type { FunctionDeclaration } from './library/declare.ts'
import type { Macro } from './syntax/macros.ts'
import type { DeclType } from './types/decl-type.ts'
import type { CelType } from './types/type.ts'
import type { Value } from './values/value.ts'

/** Upstream's limits (apiserver/pkg/apis/cel). */
export const celLimits = {
  /** Of one evaluation. */
  perCall: 1_000_000,
  /** Of all expressions that one object's validation runs. */
  runtimeBudget: 10_000_000,
  /** Of all match conditions of one webhook or policy. */
  matchConditionsBudget: 2_500_000,
  /** Estimated, of one rule of a CustomResourceDefinition, times how often it may run. */
  estimatedRule: 10_000_000,
  /** Estimated, of all rules of a CustomResourceDefinition. */
  estimatedDefinition: 100_000_000,
  /** Of the text that a messageExpression gives. */
  messageBytes: 5 * 1024,
} as const

/** What an expression may name beside the libraries. */
export interface Extension {
  readonly variables?: Readonly<Record<string, CelType | DeclType>>
  /** Object types, so that expressions can select their fields: those of the variables come by themselves. */
  readonly types?: readonly DeclType[]
  readonly functions?: readonly FunctionDeclaration[]
  readonly macros?: readonly Macro[]
  /** Names of object types with any field, which stand for all types below them as well: `Object`, `Object.spec`. */
  readonly openTypes?: readonly string[]
}

/** Values by name. A function is called once an expression needs the value, and at most once per evaluation. */
export type Variables = Readonly<Record<string, Value | (() => Value)>>

export type Evaluation =
  | { readonly ok: true; readonly value: Value; readonly cost: number }
  | {
      readonly ok: false
      readonly error: string
      /** The evaluation was stopped because it cost more than its limit. */
      readonly overLimit: boolean
      readonly cost: number
    }

/** An expression that can run; it holds no state of a run. */
export interface Program {
  /** Never throws. `costLimit` is `celLimits.perCall` unless given. */
  evaluate(variables: Variables, options?: { readonly costLimit?: number }): Evaluation
}

/** An expression that has been type-checked. */
export interface Expression {
  readonly text: string
  readonly outputType: CelType
  /** Names of the declared variables that it uses. */
  readonly references: ReadonlySet<string>
  /** Whether it writes `variable.field` or `variable.?field` somewhere. */
  selects(variable: string, field: string): boolean
  /** `error`: upstream's text, for what only planning finds (a constant that cannot be converted). */
  program(): { readonly program: Program } | { readonly error: string }
  /** What an evaluation costs at least and at most, given the sizes of what the variables hold. */
  estimateCost(sizes: SizeEstimator): CostEstimate
}

/** `error`: all issues, as upstream prints them. */
export type Compilation = { readonly expression: Expression } | { readonly error: string }

export interface Environment {
  extend(extension: Extension): Environment
  compile(text: string): Compilation
}
