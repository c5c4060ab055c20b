import type { ServerRequest } from '../request.ts'
import type { ServerResponse } from '../response.ts'
import type { BackendHeaders, BackendRequest, BackendResponse } from './backend.ts'
import { backendUnreachable } from './backend-error.ts'
import type { ConnectContext } from './connect-context.ts'
import { pipe } from './pipe.ts'
import { offeredProtocols } from './upgrade-kind.ts'

/** What a handshake needs to reach the other side; everything else of the client's headers is for us. */
const handshakeHeaders = ['sec-websocket-key', 'sec-websocket-version', 'sec-websocket-extensions']

function handshakeOf(request: ServerRequest): BackendHeaders {
  const headers: [string, string][] = [
    ['connection', 'Upgrade'],
    ['upgrade', request.header('upgrade') ?? ''],
  ]
  for (const name of handshakeHeaders) {
    const value = request.header(name)
    if (value !== undefined) headers.push([name, value])
  }
  const protocols = offeredProtocols(request)
  if (protocols.length > 0) headers.push(['sec-websocket-protocol', protocols.join(', ')])
  return headers
}

/** A backend's plain answer, passed on as it is. */
export function passOn(response: BackendResponse): ServerResponse {
  const contentType = response.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  return {
    type: 'stream',
    status: response.status,
    contentType: contentType ?? 'text/plain; charset=utf-8',
    flushHead: false,
    start: (sink) => void pipe(response.body, sink),
  }
}

/** Lets the client and a backend that both speak WebSocket talk to each other: after the handshake bytes go through as they are. */
export async function forwardUpgrade(
  { connector }: Pick<ConnectContext, 'connector'>,
  request: ServerRequest,
  to: Pick<BackendRequest, 'address' | 'target'>,
  headers: BackendHeaders = [],
): Promise<ServerResponse> {
  let outcome: Awaited<ReturnType<ConnectContext['connector']['upgrade']>>
  try {
    outcome = await connector.upgrade({
      ...to,
      method: request.method,
      headers: [...headers, ...handshakeOf(request)],
      signal: request.signal,
    })
  } catch (error) {
    throw backendUnreachable(error)
  }
  if (outcome.type === 'refused') return passOn(outcome.response)
  const backend = outcome.stream
  return {
    type: 'upgrade',
    headers: Object.fromEntries(outcome.headers),
    start: (client) => {
      void pipe(client.readable, backend.sink)
      void pipe(backend.readable, client.sink)
      client.sink.onClose(() => backend.sink.destroy())
      backend.sink.onClose(() => client.sink.destroy())
    },
  }
}
