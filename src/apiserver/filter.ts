import type { ServerRequest } from './request.ts'
import type { ServerResponse } from './response.ts'

export type Handler = (request: ServerRequest) => Promise<ServerResponse>

/**
 * One step of the request chain. It may answer itself (or throw a StatusError), or change `request` and give
 * `next(request)` back. What it does on every request counts: a whole GET has 66 µs, so a filter that has
 * nothing to wait for returns next's promise and is no async function.
 */
export type Filter = (request: ServerRequest, next: Handler) => Promise<ServerResponse>

/** The handler that runs `filters` in their order, then `last`. */
export function compose(filters: readonly Filter[], last: Handler): Handler {
  return filters.reduceRight<Handler>((next, filter) => (request) => filter(request, next), last)
}
