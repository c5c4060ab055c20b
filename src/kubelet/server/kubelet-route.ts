import type { IncomingMessage, ServerResponse } from 'node:http'

export interface KubeletCall {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What follows the route's own path, decoded. */
  readonly rest: readonly string[]
  readonly query: URLSearchParams
}

/** One of a node agent's paths. */
export interface KubeletRoute {
  /** Without a slash at either end: `metrics/resource`. */
  readonly path: string
  /** Also what is below it, or only that. */
  readonly below?: 'too' | 'only'
  /** GET where absent. */
  readonly method?: 'POST'
  /** Also on the port that everyone may read. */
  readonly isOpen?: boolean
  /** Throws StatusError. */
  handle(call: KubeletCall): Promise<void>
}

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

export function sendText(
  response: ServerResponse,
  text: string,
  code = 200,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(code, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' })
  response.end(text)
}

export function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(body))
}

/** The route that a request is for, and what of the path is below it; the one with the longest path of several. */
export function routeOf(
  routes: readonly KubeletRoute[],
  method: string,
  path: readonly string[],
): { readonly route: KubeletRoute; readonly rest: readonly string[] } | undefined {
  let best: { readonly route: KubeletRoute; readonly rest: readonly string[] } | undefined
  let longest = 0
  for (const route of routes) {
    const own = route.path.split('/')
    if (own.length < longest || (route.method ?? 'GET') !== method) continue
    if (own.some((part, at) => part !== path[at])) continue
    const rest = path.slice(own.length)
    const isBelow = rest.some((part) => part !== '')
    if (isBelow ? route.below === undefined : route.below === 'only') continue
    best = { route, rest }
    longest = own.length
  }
  return best
}
