import { Query } from '../query.ts'

export interface Target {
  readonly path: string
  readonly query: Query
}

/** Splits a request's target by hand: a URL object for each request would cost more than the request. Undefined for one that is malformed. */
export function parseTarget(target: string): Target | undefined {
  // A proxy's absolute form: `https://host/path`.
  const start = target.startsWith('/') ? 0 : target.indexOf('/', target.indexOf('://') + 3)
  if (start < 0) return undefined
  const mark = target.indexOf('?', start)
  const raw = mark < 0 ? target.slice(start) : target.slice(start, mark)
  const query = mark < 0 ? Query.empty : Query.parse(target.slice(mark + 1))
  if (!raw.includes('%')) return { path: raw, query }
  try {
    return { path: decodeURIComponent(raw), query }
  } catch {
    return undefined
  }
}
