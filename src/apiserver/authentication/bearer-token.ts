import { decodeBase64Url } from '../../base/base64.ts'
import type { ServerRequest } from '../request.ts'
import { AuthenticationError } from './authentication-error.ts'

const protocolPrefix = 'base64url.bearer.authorization.k8s.io.'

/** What browsers, which cannot set headers on a WebSocket, send among its protocols; it needs another one beside it. Throws AuthenticationError in upstream's words. */
function tokenOfProtocols(request: Pick<ServerRequest, 'header' | 'warn'>): string | undefined {
  if (request.header('upgrade')?.toLowerCase() !== 'websocket') return undefined
  const protocols = (request.header('sec-websocket-protocol') ?? '').split(',').map((text) => text.trim())
  const carriers = protocols.filter((protocol) => protocol.startsWith(protocolPrefix))
  const [carrier] = carriers
  if (carrier === undefined) return undefined
  if (carriers.length > 1)
    throw new AuthenticationError('multiple base64.bearer.authorization tokens specified')
  const token = decodedToken(carrier.slice(protocolPrefix.length))
  if (token === '') return undefined
  if (protocols.length === 1) throw new AuthenticationError('missing additional subprotocol')
  return token
}

function decodedToken(encoded: string): string {
  const bytes = decodeBase64Url(encoded)
  if (bytes === undefined) throw new AuthenticationError('invalid base64.bearer.authorization token encoding')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new AuthenticationError('invalid base64.bearer.authorization token', { cause: error })
  }
}

/** The bearer token of a request, from its Authorization header or its WebSocket protocols. Throws AuthenticationError for protocols that hold none as they should. */
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
