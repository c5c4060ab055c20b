import type { Expr } from '../syntax/expr.ts'
import type { CelType } from '../types/type.ts'

/** The largest estimate: no bound. (2^64, where upstream has 2^64 - 1.) */
export const unbounded = 2 ** 64

/** Between `min` and `max` cost units. */
export interface CostEstimate {
  readonly min: number
  readonly max: number
}

/** Between `min` and `max` elements, entries, characters or bytes. */
export type SizeEstimate = CostEstimate

/** A value in an expression: where it comes from, by variable, field, `@items`, `@keys` or `@values`. */
export interface SizedNode {
  readonly path: readonly string[]
  readonly type: CelType
}

/** What is known of the size of a value; undefined if nothing. */
export type SizeEstimator = (node: SizedNode) => SizeEstimate | undefined

/** A target or argument of a call whose cost is estimated. */
export interface CallOperand extends SizedNode {
  /** undefined for the elements of a list. */
  readonly expr: Expr | undefined
  /** Known from the expression itself. */
  readonly size: SizeEstimate | undefined
}

export interface CallEstimate extends CostEstimate {
  readonly resultSize?: SizeEstimate | undefined
}

export const fixed = (size: number): CostEstimate => ({ min: size, max: size })
export const unknownSize: SizeEstimate = { min: 0, max: unbounded }
export const noCost: CostEstimate = fixed(0)

const bounded = (value: number): number => Math.min(value, unbounded)

export const add = (a: CostEstimate, b: CostEstimate): CostEstimate => ({
  min: bounded(a.min + b.min),
  max: bounded(a.max + b.max),
})

export const sumOf = (estimates: readonly CostEstimate[]): CostEstimate => estimates.reduce(add, noCost)

export const multiply = (a: CostEstimate, b: CostEstimate): CostEstimate => ({
  min: bounded(a.min * b.min),
  max: bounded(a.max * b.max),
})

/** Times a cost per unit, rounded up. */
export const scale = (a: CostEstimate, factor: number): CostEstimate => ({
  min: bounded(Math.ceil(a.min * factor)),
  max: bounded(Math.ceil(a.max * factor)),
})

export const union = (a: CostEstimate, b: CostEstimate): CostEstimate => ({
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
})
