import type { CachedObject } from '../cache/cached-object.ts'

/**
 * What a verb gives: an object of the cache, whose bytes are there, or one that was only made for the answer
 * (a dry run, a Status, another kind). In the version of the request.
 */
export type Outcome =
  | { readonly type: 'record'; readonly record: CachedObject; readonly status: number }
  | { readonly type: 'object'; readonly object: object; readonly status: number }

export const recordOutcome = (record: CachedObject, status = 200): Outcome => ({
  type: 'record',
  record,
  status,
})

export const objectOutcome = (object: object, status = 200): Outcome => ({
  type: 'object',
  object,
  status,
})
