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
