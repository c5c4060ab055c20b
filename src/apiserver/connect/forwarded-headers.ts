import type { ServerRequest } from '../request.ts'
import type { BackendAddress, BackendHeaders, BackendResponse } from './backend.ts'
import { isIdentityHeader } from './identity-headers.ts'

/** Of one hop only, or for us. */
const hopHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host',
  'authorization',
  'content-length',
  'audit-id',
  'expect',
])
/** Ours to say: a backend may take the first of several. */
const ownHeaders = new Set(['x-forwarded-uri', 'x-forwarded-host', 'x-forwarded-proto'])

/** What a client calls headers of one hop, besides (RFC 9110 §7.6.1). */
const namedByConnection = (request: ServerRequest): ReadonlySet<string> =>
  new Set(
    request.source
      .headerValues('connection')
      .flatMap((value) => value.split(','))
      .map((name) => name.trim().toLowerCase()),
  )

export const hostOf = ({ host, port }: BackendAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** What of a client's headers a backend is told, and where the request came from. */
export function forwardedHeaders(request: ServerRequest, host: string): [string, string][] {
  const headers: [string, string][] = [['host', host]]
  const named = namedByConnection(request)
  for (const name of request.source.headerNames()) {
    if (named.has(name) || ownHeaders.has(name)) continue
    if (hopHeaders.has(name) || name.startsWith('impersonate-') || name.startsWith('sec-websocket-')) continue
    if (isIdentityHeader(name) || request.identityHeaders.includes(name)) continue
    for (const value of request.source.headerValues(name)) headers.push([name, value])
  }
  const { remoteAddress } = request.source.connection
  if (remoteAddress !== '') headers.push(['x-forwarded-for', remoteAddress])
  headers.push(['x-forwarded-uri', request.path], ['x-forwarded-proto', 'https'])
  return headers
}

/** `?watch=true` as it came, or nothing. */
export const forwardedQuery = ({ query }: ServerRequest): string =>
  query.text === '' ? '' : `?${query.text}`

/** What of a backend's headers the client is told, by lower-case name. */
export function answeredHeaders({ headers }: BackendResponse): Record<string, string> {
  const answered: Record<string, string> = {}
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (lower !== 'content-length' && hopHeaders.has(lower)) continue
    const known = answered[lower]
    answered[lower] = known === undefined ? value : `${known}, ${value}`
  }
  return answered
}

/** A request's body as bytes, with the header that says how many. */
export async function forwardedBody(
  request: ServerRequest,
): Promise<{ readonly body?: Uint8Array; readonly headers: BackendHeaders }> {
  const body = await request.source.readBody()
  const bytes = body.type === 'bytes' ? body.bytes : new TextEncoder().encode(JSON.stringify(body.object))
  if (bytes.length === 0) return { headers: [] }
  return { body: bytes, headers: [['content-length', String(bytes.length)]] }
}
