import type { CelType } from '../types/type.ts'
import type { Value } from '../values/value.ts'

/** One signature of a function. */
export interface Overload {
  /** Upstream's identifier: costs and limits go by it. */
  readonly id: string
  /** A method's first parameter is its receiver. */
  readonly isMethod: boolean
  readonly parameters: readonly CelType[]
  readonly result: CelType
  /** Gets arguments that fit the parameters. Errors are values. */
  readonly run: (...args: Value[]) => Value
}

export interface FunctionDeclaration {
  readonly name: string
  readonly overloads: readonly Overload[]
}
