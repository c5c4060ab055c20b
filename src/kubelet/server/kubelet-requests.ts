import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Status } from '../../apimachinery/meta.ts'
import { internalError, notFound, StatusError, statusError } from '../../apimachinery/status-error.ts'
import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { KubeletApi } from '../kubelet-api.ts'
import type { StreamRequest } from '../runtime/runtime.ts'
import { AccessError } from './kubelet-access.ts'
import { type KubeletRoute, routeOf } from './kubelet-route.ts'
import { isTrue, type KubeletPage, kubeletRoutes } from './kubelet-routes.ts'
import type { NodeLogsOptions } from './node-logs/node-logs-route.ts'
import { RequestMetrics } from './request-metrics.ts'
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

/** The node agent's paths, which are upstream's (pkg/kubelet/server), whatever the requests come in by. */
export class KubeletRequests {
  readonly #options: KubeletRequestsOptions
  readonly #sockets: WebSocketServer
  readonly #routes: readonly KubeletRoute[]
  readonly #metrics: RequestMetrics

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
      const join = this.#joiner(path, query)
      this.#sockets.handleUpgrade(request, socket, head, join)
    } catch (error) {
      const { code, type, body } = answerTo(error)
      socket.end(
        `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      )
    }
  }

  /** Throws where there is nothing to stream at that path. */
  #joiner(path: readonly string[], query: URLSearchParams): (socket: WebSocket) => void {
    const { api } = this.#options
    const [verb = '', namespace = '', pod = '', container = ''] = path
    const request = streamRequest(query)
    switch (verb) {
      case 'exec': {
        const command = query.getAll('command')
        const name = { namespace, pod, container }
        return (socket) => joinCommand(socket, (output) => api.exec(name, command, request, output))
      }
      case 'attach':
        return (socket) =>
          joinCommand(socket, (output) => api.attach({ namespace, pod, container }, request, output))
      case 'portForward': {
        const ports = query.getAll('port').flatMap((text) => text.split(',').map(Number))
        if (ports.length === 0 || ports.some((port) => !(port > 0 && port < 65_536))) {
          throw statusError('BadRequest', 'query parameter "port" is required')
        }
        return (socket) =>
          joinPorts(socket, ports, (port, output) => api.portForward({ namespace, pod }, port, output))
      }
      default:
        throw notFound({ group: '', resource: 'nodes', name: verb })
    }
  }
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

/** Who is not let in is told so in plain text, as by upstream; everything else is a Status. */
function answerTo(error: unknown): { readonly code: number; readonly type: string; readonly body: string } {
  if (error instanceof AccessError)
    return { code: error.code, type: 'text/plain; charset=utf-8', body: error.message }
  const status = statusOf(error)
  return { code: status.code ?? 500, type: 'application/json', body: JSON.stringify(status) }
}
