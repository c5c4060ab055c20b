import { createHash } from 'node:crypto'
import { ServerResponse as Http1Response, type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Handler } from '../filter.ts'
import type { ServerRequest } from '../request.ts'
import type { UpgradeResponse } from '../response.ts'
import { Http1Outgoing } from './http1-outgoing.ts'
import { type ResponseContext, respond } from './respond.ts'
import type { TurnBatcher } from './turn-batcher.ts'
import { watchOverWebSocket } from './web-socket-watch.ts'
import { WritableSink } from './writable-sink.ts'

/** What the client sent right behind its head, then what comes. The socket stays open at the end: its owner closes it. */
async function* incoming(socket: Duplex, head: Uint8Array): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head
  yield* socket.iterator({ destroyOnReturn: false })
}

/** RFC 6455 §1.3 */
const webSocketGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** A WebSocket that the chain accepts itself needs the proof that the handshake was understood. */
function acceptance(message: IncomingMessage, headers: UpgradeResponse['headers']): readonly string[] {
  const names = Object.keys(headers).map((name) => name.toLowerCase())
  const key = message.headers['sec-websocket-key']
  const wanted = Object.values(headers).some((value) => value.toLowerCase() === 'websocket')
  if (!wanted || key === undefined || names.includes('sec-websocket-accept')) return []
  const proof = createHash('sha1').update(`${key}${webSocketGuid}`).digest('base64')
  return [`sec-websocket-accept: ${proof}`]
}

function switchProtocols(
  message: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
  response: UpgradeResponse,
  batcher: TurnBatcher,
): void {
  const given = Object.entries(response.headers).map(([name, value]) => `${name}: ${value}`)
  const lines = [...given, ...acceptance(message, response.headers)]
  socket.write([`HTTP/1.1 101 ${STATUS_CODES[101]}`, ...lines, '', ''].join('\r\n'))
  const destroy = (): void => {
    socket.destroy()
  }
  response.start({
    readable: incoming(socket, head),
    sink: new WritableSink({ target: socket, batcher, destroy }),
  })
}

export interface UpgradeOptions {
  readonly request: ServerRequest
  readonly message: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly handler: Handler
  readonly context: ResponseContext
}

/** A request that wants to leave HTTP: the chain says whether it may. */
export async function serveUpgrade(options: UpgradeOptions): Promise<void> {
  const { request, message, socket, head, handler, context } = options
  const response = await handler(request)
  if (socket.destroyed) return
  if (response.type === 'upgrade') return switchProtocols(message, socket, head, response, context.batcher)
  const webSocket = message.headers.upgrade?.toLowerCase() === 'websocket'
  if (webSocket && response.type === 'stream' && response.flushHead) {
    return watchOverWebSocket(message, socket, head, response)
  }
  const plain = new Http1Response(message)
  plain.shouldKeepAlive = false
  // Node types the socket as a network socket; that of an upgrade is the TLS socket.
  plain.assignSocket(Object.assign(socket))
  plain.once('finish', () => socket.end())
  respond(new Http1Outgoing(plain, context), request, response, context)
}
