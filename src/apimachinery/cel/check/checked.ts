import type { Overload } from '../library/declare.ts'
import type { Expr } from '../syntax/expr.ts'
import type { CelType } from '../types/type.ts'

/** What a name in an expression refers to. */
export interface VariableReference {
  readonly kind: 'variable'
  readonly name: string
  readonly isLocal: boolean
}

/** What a call refers to; `overloads` are those that its arguments' types allow. */
export interface FunctionReference {
  readonly kind: 'function'
  readonly name: string
  readonly overloads: readonly Overload[]
  /** The target is the first argument; else it was a part of the function's name. */
  readonly isMethod: boolean
}

export type Reference = VariableReference | FunctionReference

/** A tree with what checking found out about its nodes. */
export interface Checked {
  readonly expr: Expr
  readonly types: ReadonlyMap<Expr, CelType>
  readonly references: ReadonlyMap<Expr, Reference>
}
