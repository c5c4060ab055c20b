import type { ServerRequest } from '../request.ts'

/** How a client wants to stream. */
export type UpgradeKind = 'web-socket' | 'tunnel' | 'spdy'

const tunnelPrefix = 'SPDY/3.1+'
const bearerPrefix = 'base64url.bearer.authorization.k8s.io.'

const list = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

/** The WebSocket protocols that a client offers, without those that carry its token. */
export const offeredProtocols = (request: ServerRequest): readonly string[] =>
  list(request.header('sec-websocket-protocol')).filter((protocol) => !protocol.startsWith(bearerPrefix))

/** Stream protocols that a client of SPDY offers, in its order. */
export const streamProtocols = (request: ServerRequest): readonly string[] =>
  request.source.headerValues('x-stream-protocol-version').flatMap(list)

/** The protocol of a tunnel, with its prefix. */
export const tunnelProtocol = (request: ServerRequest): string | undefined =>
  offeredProtocols(request).find((protocol) => protocol.startsWith(tunnelPrefix))

/** Undefined for a request that does not want to leave HTTP. */
export function upgradeKind(request: ServerRequest): UpgradeKind | undefined {
  const upgrade = request.header('upgrade')?.toLowerCase()
  const wanted = list(request.header('connection')?.toLowerCase()).includes('upgrade')
  if (!wanted || upgrade === undefined) return undefined
  if (upgrade.startsWith('spdy/')) return 'spdy'
  if (upgrade !== 'websocket') return undefined
  return tunnelProtocol(request) === undefined ? 'web-socket' : 'tunnel'
}
