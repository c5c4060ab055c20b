import type { DecodeContext } from './decode-context.ts'

/**
 * How values of one Go type decode. Nulls never come here: they are zero values, which the surrounding struct,
 * list or map puts in.
 */
export interface Shape {
  /** The value in place of an absent one; undefined where its JSON is null. */
  readonly zero: unknown
  isZero(value: unknown): boolean
  /** Values of this JavaScript type are right as they are: nobody needs to call `conform` for them. */
  readonly plain?: 'string' | 'boolean'
  /**
   * Checks and normalises: gives back the same value where nothing needs changing. Saves or throws errors
   * through the context; undefined means absent (or wrong, then an error is saved). What `value` has in common with
   * `known`, which had gone this way before, is right as it is.
   */
  conform(value: unknown, context: DecodeContext, known?: unknown): unknown
}
