import type { DecodeContext } from './decode-context.ts'

/** Where Go writes a value to: for who asked, or to the store, where protobuf cannot tell an empty list from none. */
export type WrittenAs = 'json' | 'protobuf'

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
  /** Lists and maps: hooks see them as they were sent, and only what is written of them lacks those that are empty. */
  readonly collects?: true
  /** What Go writes of a conformed value, the same where that is all of it. Absent: always all of it. */
  written?(value: unknown, as: WrittenAs): unknown
  /** Whether there are values that `written` changes. `seen`: shapes that have been asked, for types are recursive. */
  shrinks?(seen: Set<Shape>): boolean
}

/** Whether Go may write less than there is. */
export function shrinks(shape: Shape, seen: Set<Shape>): boolean {
  if (seen.has(shape) || shape.shrinks === undefined) return false
  seen.add(shape)
  return shape.shrinks(seen)
}
