import { decodeBase64Url } from '../../base/base64.ts'
import type { ServerRequest } from '../request.ts'

const protocolPrefix = 'base64url.bearer.authorization.k8s.io.'

/** What browsers, which cannot set headers on a WebSocket, send among its protocols; it needs another one beside it. */
function tokenOfProtocols(request: Pick<ServerRequest, 'header' | 'warn'>): string | undefined {
  if (request.header('upgrade')?.toLowerCase() !== 'websocket') return undefined
  const protocols = (request.header('sec-websocket-protocol') ?? '').split(',').map((text) => text.trim())
  const carriers = protocols.filter((protocol) => protocol.startsWith(protocolPrefix))
  const [carrier] = carriers
  if (carrier === undefined || carriers.length > 1 || protocols.length < 2) return undefined
  const bytes = decodeBase64Url(carrier.slice(protocolPrefix.length))
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

/** The bearer token of a request, from its Authorization header or its WebSocket protocols. */
export function bearerToken(request: Pick<ServerRequest, 'header' | 'warn'>): string | undefined {
  const header = request.header('authorization')?.trim()
  if (header === undefined) return tokenOfProtocols(request)
  const [scheme = '', token, ...rest] = header.split(' ')
  if (scheme.toLowerCase() !== 'bearer') return undefined
  if (token === '' && rest.length > 0) {
    request.warn(
      'the provided Authorization header contains extra space before the bearer token, and is ignored',
    )
  }
  return token === '' ? undefined : token
}
