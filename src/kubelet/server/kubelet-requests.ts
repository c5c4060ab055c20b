import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Status } from '../../apimachinery/meta.ts'
import { internalError, notFound, StatusError, statusError } from '../../apimachinery/status-error.ts'
import { acceptSpdy } from '../../base/host/spdy/accept-spdy.ts'
import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { MultiplexedConnection } from '../../base/multiplex.ts'
import type { KubeletApi } from '../kubelet-api.ts'
import type { OutputSink, PortSession, StreamRequest, StreamSession } from '../runtime/runtime.ts'
import { duplexStream } from './duplex-stream.ts'
import { AccessError } from './kubelet-access.ts'
import { type KubeletRoute, routeOf } from './kubelet-route.ts'
import { isTrue, type KubeletPage, kubeletRoutes } from './kubelet-routes.ts'
import type { NodeLogsOptions } from './node-logs/node-logs-route.ts'
import { RequestMetrics } from './request-metrics.ts'
import { joinSpdyCommand, joinSpdyPorts, spdyCommandProtocols, spdyPortProtocols } from './spdy-stream.ts'
import { joinCommand, joinPorts } from './web-socket-stream.ts'

export interface KubeletRequestsOptions {
  readonly api: KubeletApi
  readonly host: Host
  readonly metrics: Metrics
  /** Throws AccessError for whoever may not use the agent's API. */
  readonly admit: (request: IncomingMessage) => Promise<void>
  /** Nothing of what runs in containers is shown, and nothing is run there. */
  readonly readOnly?: boolean
  /** About the agent itself, by their paths' names. */
  readonly pages?: ReadonlyMap<string, KubeletPage>
  /** The machine's own logs, where they may be read. */
  readonly nodeLogs?: NodeLogsOptions | undefined
}

/** Of a request's first line and headers: a command to run is in its URL. Go's servers read as much. */
export const maxHeaderSize = 1024 * 1024

/** Protocols of command streams that it speaks: the first knows the end of input, the last no Status. */
const commandProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io']
const portProtocols = ['v4.channel.k8s.io']

const streamRequest = (query: URLSearchParams): StreamRequest => ({
  tty: isTrue(query.get('tty')),
  stdin: isTrue(query.get('input') ?? query.get('stdin')),
  stdout: isTrue(query.get('output') ?? query.get('stdout')),
  // A terminal has one output; clients that want both are given that (upstream's kubelet likewise).
  stderr: isTrue(query.get('error') ?? query.get('stderr')) && !isTrue(query.get('tty')),
})

/** Told in plain text. */
class PlainError extends Error {
  readonly code: number
  readonly headers: string

  constructor(code: number, message: string, headers = '') {
    super(message)
    this.code = code
    this.headers = headers
  }
}

/** The node agent's paths, which are upstream's (pkg/kubelet/server), whatever the requests come in by. */
export class KubeletRequests {
  readonly #options: KubeletRequestsOptions
  readonly #sockets: WebSocketServer
  readonly #routes: readonly KubeletRoute[]
  readonly #metrics: RequestMetrics
  /** Of SPDY. */
  readonly #connections = new Set<MultiplexedConnection>()

  constructor(options: KubeletRequestsOptions) {
    this.#options = options
    this.#sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) =>
        [...commandProtocols, ...portProtocols].find((name) => offered.has(name)) ?? false,
    })
    const { api, host, metrics, pages = new Map(), nodeLogs } = options
    this.#routes = kubeletRoutes({ api, host, metrics, pages, nodeLogs })
    this.#metrics = new RequestMetrics(metrics, host)
  }

  /** Breaks the streams that are open. */
  close(): void {
    for (const socket of this.#sockets.clients) socket.terminate()
    for (const connection of this.#connections) connection.close()
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { readOnly = false, admit } = this.#options
      this.#metrics.begin(request, response, readOnly)
      await admit(request)
      const { path, query } = parse(request)
      const found = routeOf(this.#routes, request.method ?? '', path)
      if (found === undefined || (readOnly && found.route.isOpen !== true)) {
        throw statusError('NotFound', 'the server could not find the requested resource')
      }
      await found.route.handle({ request, response, rest: found.rest, query })
    } catch (error) {
      if (response.headersSent) {
        response.destroy()
        return
      }
      const { code, type, body } = answerTo(error)
      response.writeHead(code, { 'Content-Type': type })
      response.end(body)
    }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => {})
    try {
      this.#metrics.begin(request, socket, false)
      await this.#options.admit(request)
      const { path, query } = parse(request)
      const target = this.#target(path, query)
      const kind = request.headers.upgrade?.toLowerCase() ?? ''
      if (kind.startsWith('spdy/')) this.#upgradeToSpdy(request, target, socket, head)
      else this.#upgradeToWebSocket(request, target, socket, head)
    } catch (error) {
      const { code, type, body, headers = '' } = answerTo(error)
      socket.end(
        `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}Connection: close\r\n\r\n${body}`,
      )
    }
  }

  #upgradeToWebSocket(request: IncomingMessage, target: StreamTarget, socket: Duplex, head: Buffer): void {
    if (target.kind === 'port' && target.ports.length === 0)
      throw statusError('BadRequest', 'query parameter "port" is required')
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      if (target.kind === 'command') joinCommand(client, target.open)
      else joinPorts(client, target.ports, target.open)
    })
  }

  #upgradeToSpdy(request: IncomingMessage, target: StreamTarget, socket: Duplex, head: Buffer): void {
    const { host } = this.#options
    const accept = (protocol: string | undefined): MultiplexedConnection => {
      const chosen = protocol === undefined ? '' : `X-Stream-Protocol-Version: ${protocol}\r\n`
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${chosen}\r\n`,
      )
      const connection = acceptSpdy(duplexStream(socket, head))
      this.#connections.add(connection)
      return connection
    }
    const serve = (connection: MultiplexedConnection, work: Promise<void>): void => {
      void work
        .catch(() => {})
        .finally(() => {
          this.#connections.delete(connection)
          connection.close()
        })
    }
    if (target.kind === 'port') {
      const connection = accept(negotiate(request, spdyPortProtocols))
      serve(connection, joinSpdyPorts(connection, target.open))
      return
    }
    const agreed = negotiate(request, spdyCommandProtocols)
    const connection = accept(agreed)
    const { wanted, open } = target
    // Who offers none is as old as Kubernetes 1.0.
    serve(
      connection,
      joinSpdyCommand(connection, { protocol: agreed ?? 'channel.k8s.io', wanted, host, open }),
    )
  }

  /** What is to be streamed at a path. Throws where there is nothing. */
  #target(path: readonly string[], query: URLSearchParams): StreamTarget {
    const { api } = this.#options
    const [verb = '', namespace = '', pod = '', container = ''] = path
    const name = { namespace, pod, container }
    switch (verb) {
      case 'exec':
      case 'attach': {
        const wanted = streamRequest(query)
        if (!wanted.stdin && !wanted.stdout && !wanted.stderr)
          throw new PlainError(400, 'you must specify at least 1 of stdin, stdout, stderr')
        const command = query.getAll('command')
        const open = (output: OutputSink) =>
          verb === 'exec' ? api.exec(name, command, wanted, output) : api.attach(name, wanted, output)
        return { kind: 'command', wanted, open }
      }
      case 'portForward': {
        const ports = query.getAll('port').flatMap((text) => text.split(',').map(Number))
        if (ports.some((port) => !(port > 0 && port < 65_536)))
          throw statusError('BadRequest', 'query parameter "port" is required')
        const open: PortTarget['open'] = (port, output) => api.portForward({ namespace, pod }, port, output)
        return { kind: 'port', ports, open }
      }
      default:
        throw notFound({ group: '', resource: 'nodes', name: verb })
    }
  }
}

interface CommandTarget {
  readonly kind: 'command'
  readonly wanted: StreamRequest
  readonly open: (output: OutputSink) => Promise<StreamSession>
}

interface PortTarget {
  readonly kind: 'port'
  /** Those that a WebSocket names beforehand. */
  readonly ports: readonly number[]
  readonly open: (port: number, output: (data: Uint8Array) => void | Promise<void>) => Promise<PortSession>
}

type StreamTarget = CommandTarget | PortTarget

/** The client's first protocol that is spoken here; undefined where it offers none. Throws where none of them is. */
function negotiate<T extends string>(request: IncomingMessage, spoken: readonly T[]): T | undefined {
  const header = request.headers['x-stream-protocol-version'] ?? ''
  const offered = [header].flat().flatMap((text) => text.split(/,\s*/).filter((name) => name !== ''))
  if (offered.length === 0) return undefined
  for (const name of offered) {
    const found = spoken.find((each) => each === name)
    if (found !== undefined) return found
  }
  throw new PlainError(
    403,
    `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${spoken.join(' ')}]`,
    spoken.map((name) => `X-Accepted-Stream-Protocol-Versions: ${name}\r\n`).join(''),
  )
}

function parse(request: IncomingMessage): {
  readonly path: readonly string[]
  readonly query: URLSearchParams
} {
  const url = new URL(request.url ?? '/', 'https://node')
  return { path: url.pathname.split('/').slice(1).map(decodeURIComponent), query: url.searchParams }
}

const statusOf = (error: unknown): Status =>
  error instanceof StatusError ? error.status : internalError(messageOf(error)).status

interface Answer {
  readonly code: number
  readonly type: string
  readonly body: string
  /** Further ones, as they are on the wire. */
  readonly headers?: string
}

/** Who is not let in, or asks for streams wrongly, is told so in plain text, as by upstream; everything else is a Status. */
function answerTo(error: unknown): Answer {
  const type = 'text/plain; charset=utf-8'
  if (error instanceof AccessError) return { code: error.code, type, body: error.message }
  if (error instanceof PlainError)
    return { code: error.code, type, body: error.message, headers: error.headers }
  const status = statusOf(error)
  return { code: status.code ?? 500, type: 'application/json', body: JSON.stringify(status) }
}
