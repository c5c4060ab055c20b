import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { ByteSink } from '../../base/byte-sink.ts'
import type { StreamResponse } from '../response.ts'

const bearerProtocol = 'base64url.bearer.authorization.k8s.io.'
const newline = 0x0a

/** A watch's bytes as messages: each line (one event) is one, text for JSON and binary for anything else. */
class WebSocketSink implements ByteSink {
  readonly #socket: WebSocket
  readonly #text: boolean
  #rest: Uint8Array[] = []
  #drained: (() => void) | undefined

  constructor(socket: WebSocket, text: boolean) {
    this.#socket = socket
    this.#text = text
  }

  write(bytes: Uint8Array): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return true
    if (!this.#text) {
      this.#send(bytes)
      return this.bufferedBytes === 0
    }
    let start = 0
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      this.#send(this.#complete(bytes.subarray(start, end)))
      start = end + 1
    }
    if (start < bytes.length) this.#rest.push(bytes.subarray(start))
    return this.bufferedBytes === 0
  }

  #complete(tail: Uint8Array): Uint8Array {
    if (this.#rest.length === 0) return tail
    const whole = Buffer.concat([...this.#rest, tail])
    this.#rest = []
    return whole
  }

  #send(message: Uint8Array): void {
    this.#socket.send(message, { binary: !this.#text }, () => {
      if (this.bufferedBytes > 0) return
      const drained = this.#drained
      this.#drained = undefined
      drained?.()
    })
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  onDrain(callback: () => void): void {
    this.#drained = callback
  }

  onClose(callback: () => void): void {
    if (this.#socket.readyState === this.#socket.CLOSED) callback()
    else this.#socket.once('close', callback)
  }

  end(): void {
    this.#socket.close(1000)
  }

  destroy(): void {
    this.#socket.terminate()
  }
}

/** Those that carry no token. */
const spokenProtocols = (offered: Iterable<string>): readonly string[] =>
  [...offered].filter((protocol) => !protocol.startsWith(bearerProtocol))

/** Browsers insist on one of those that they offered. */
const chooseProtocol = (offered: ReadonlySet<string>): string | false => spokenProtocols(offered)[0] ?? false

/** Upstream's answer to a handshake that it does not accept: whose page asks has to be said, and one protocol at most. */
function refusal({ headers }: IncomingMessage): 'Forbidden' | 'Bad Request' | undefined {
  const { origin = '', 'sec-websocket-protocol': protocols = '' } = headers
  if (!origin.startsWith('/') && !URL.canParse(origin)) return 'Forbidden'
  const offered = protocols.split(',').map((protocol) => protocol.trim())
  return spokenProtocols(offered).length > 1 ? 'Bad Request' : undefined
}

const refusalCode = { Forbidden: 403, 'Bad Request': 400 }

/** Answers a watch that came as a WebSocket handshake. `ws` is loaded when the first one comes. */
export async function watchOverWebSocket(
  message: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  response: StreamResponse,
): Promise<void> {
  const refused = refusal(message)
  if (refused !== undefined) {
    socket.end(`HTTP/1.1 ${refusalCode[refused]} ${refused}\r\n\r\n`)
    return
  }
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({ noServer: true, handleProtocols: chooseProtocol })
  server.handleUpgrade(message, socket, head, (webSocket) => {
    webSocket.on('error', () => webSocket.terminate())
    // A watcher has nothing to say; what it says is dropped.
    webSocket.on('message', (_data: RawData) => {})
    response.start(new WebSocketSink(webSocket, response.contentType.startsWith('application/json')))
  })
}
