import { compileRe2 } from '../../base/re2.ts'
import type { Filter } from '../filter.ts'
import { type Headers, type ServerResponse, textResponse } from '../response.ts'

const allowed: Headers = {
  'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE, PATCH',
  'access-control-allow-headers':
    'Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since',
  'access-control-expose-headers': 'Date',
  'access-control-allow-credentials': 'true',
}

function withHeaders(response: ServerResponse, headers: Headers): ServerResponse {
  if (response.type === 'events') return response
  return { ...response, headers: { ...headers, ...response.headers } }
}

/** Lets pages of origins that a pattern (RE2) matches read answers (`--cors-allowed-origins`). */
export function crossOriginFilter(patterns: readonly string[]): Filter {
  const compiled = patterns.map(compileRe2)
  return async (request, next) => {
    const origin = request.header('origin') ?? ''
    if (origin === '' || !compiled.some((pattern) => pattern.matches(origin))) return next(request)
    const headers = { 'access-control-allow-origin': origin, ...allowed }
    // Asked by a browser before the request itself.
    if (request.method === 'OPTIONS') return textResponse('', 204, 'text/plain; charset=utf-8', headers)
    return withHeaders(await next(request), headers)
  }
}

/** What is wrong with a pattern, in upstream's words; undefined: nothing. */
export function crossOriginComplaint(pattern: string): string | undefined {
  try {
    compileRe2(pattern)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  const pinsStart = pattern.includes('^') || pattern.includes('//')
  const pinsEnd = pattern.includes('$') || pattern.includes(':')
  return pinsStart && pinsEnd
    ? undefined
    : 'regular expression does not pin to start/end of host in the origin header'
}
