/** Thrown for a path that cannot be read, and for a value that it does not fit. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError'
}

/** Bounds of a slice; undefined where they are not given. */
export interface Slice {
  readonly start: number | undefined
  readonly end: number | undefined
  /** `end` follows from `start`: one item. */
  readonly single: boolean
  readonly step: number | undefined
}

export type Node =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'wildcard' }
  | { readonly type: 'recursive' }
  | { readonly type: 'literal'; readonly value: string | number | boolean }
  | { readonly type: 'slice'; readonly slice: Slice }
  | { readonly type: 'union'; readonly paths: readonly Path[] }
  | { readonly type: 'filter'; readonly left: Path; readonly right: Path; readonly operator: string }

export type Path = readonly Node[]
