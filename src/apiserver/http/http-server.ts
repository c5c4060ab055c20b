import type { ServerResponse as Http1Response, IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Duplex } from 'node:stream'
import { TLSSocket, type TlsOptions } from 'node:tls'
import { assert } from '../../base/assert.ts'
import { type Connection, type RequestSource, ServerRequest } from '../request.ts'
import { Connections } from './connections.ts'
import { DateHeader } from './date-header.ts'
import { FairTurns, Line } from './fair-turns.ts'
import { goingHeaders, goingText, openWhileGoing, retrySeconds } from './going.ts'
import { FrameWriter } from './h2/frame-writer.ts'
import { H2Session } from './h2/h2-session.ts'
import type { H2Stream } from './h2/h2-stream.ts'
import { TurnEnd } from './h2/turn-end.ts'
import type { HttpServer, HttpServerOptions, ServerCertificates } from './http-server-options.ts'
import { Http1Outgoing } from './http1-outgoing.ts'
import { Http2Outgoing } from './http2-outgoing.ts'
import { defaultHttpLimits, type HttpLimits } from './limits.ts'
import { NamedCertificates, type NamedTls } from './named-certificates.ts'
import type { Outgoing } from './outgoing.ts'
import { parseTarget } from './parse-target.ts'
import { refuseHead, refusesHosts } from './refuse-head.ts'
import { type BodyReading, http1Source, http2Source } from './request-source.ts'
import { type ResponseContext, respond } from './respond.ts'
import { TurnBatcher } from './turn-batcher.ts'
import { serveUpgrade } from './upgrade.ts'
import { YamlReader } from './yaml-reader.ts'

/** Go's, so that a watcher whose machine has vanished is noticed. */
const keepAliveMs = 15_000
/** Go's, from an answer to the end of its connection when the request has not been read. */
const lingerMs = 500

class Front implements HttpServer {
  readonly #options: HttpServerOptions
  readonly #limits: HttpLimits
  readonly #yaml: YamlReader
  readonly #bodies: BodyReading
  readonly #server: Server
  /** Node's own way to serve a connection over HTTP/1.1. */
  readonly #serveHttp1: (socket: TLSSocket) => void
  readonly #context: ResponseContext
  readonly #connections: Connections
  readonly #named: NamedCertificates | undefined
  readonly #frameWriter = new FrameWriter()
  readonly #turnEnd = new TurnEnd()
  readonly #turns: FairTurns
  readonly #date: DateHeader
  readonly #sessions = new Set<H2Session>()
  readonly #sockets = new Set<TLSSocket>()
  readonly #busySockets = new Set<TLSSocket>()
  /** Requests whose answers are not there yet. */
  #underWay = 0
  #onIdle: (() => void) | undefined
  #refusing = false
  #closing = false

  constructor(options: HttpServerOptions) {
    this.#options = options
    const { headers, beforeSending } = options
    this.#context = { batcher: new TurnBatcher(), watches: new Set(), headers, beforeSending }
    this.#limits = { ...defaultHttpLimits, ...options.limits }
    this.#yaml = new YamlReader(options.host)
    this.#bodies = { maxBodyBytes: this.#limits.maxBodyBytes, yaml: this.#yaml }
    this.#date = new DateHeader(options.host)
    this.#turns = new FairTurns(options.host)
    this.#connections = new Connections(options.clientAuthorities ?? {})
    const { certificatePem, keyPem, named = [] } = options
    if (named.length > 0)
      this.#named = new NamedCertificates(this.#namedTls(options), (socket) => this.#onSocket(socket))
    this.#server = createServer({
      ...this.#tlsOptions(options),
      ...(this.#named === undefined ? {} : { SNICallback: this.#named.choose }),
      cert: certificatePem,
      key: keyPem,
      headersTimeout: this.#limits.headTimeoutMs,
      keepAliveTimeout: this.#limits.idleTimeoutMs,
      requestTimeout: 0,
      maxHeaderSize: this.#limits.maxHeaderBytes,
    })
    const [serveHttp1] = this.#server.listeners('secureConnection')
    assert(serveHttp1 !== undefined, 'an HTTPS server without a listener for connections')
    this.#serveHttp1 = serveHttp1.bind(this.#server)
    this.#named?.attach(this.#server)
    this.#listen()
  }

  /** All but what the server shows. */
  #tlsOptions({ clientAuthorities = {} }: ServerCertificates): TlsOptions {
    const authorities = Object.values(clientAuthorities)
    return {
      ALPNProtocols: this.#options.http2 === false ? ['http/1.1'] : ['h2', 'http/1.1'],
      ...(authorities.length === 0 ? {} : { ca: authorities, requestCert: true, rejectUnauthorized: false }),
      ...this.#options.tls,
      handshakeTimeout: this.#limits.headTimeoutMs,
    }
  }

  #namedTls(certificates: ServerCertificates): NamedTls {
    const { certificatePem, keyPem, named = [] } = certificates
    return { options: this.#tlsOptions(certificates), certificatePem, keyPem, named }
  }

  #listen(): void {
    const server = this.#server
    server.removeAllListeners('secureConnection')
    server.on('secureConnection', (socket) => this.#onSocket(socket))
    server.on('request', (message, response) => this.#onHttp1(message, response))
    server.on('clientError', refuseHead)
    // Their bytes are limited.
    server.maxHeadersCount = 0
    server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#onUpgrade(message, socket, head)
    })
    // Node's default is two minutes, which would cut a quiet watch.
    server.setTimeout(0)
  }

  replaceCertificates(certificates: ServerCertificates): void {
    const { certificatePem, keyPem, clientAuthorities = {} } = certificates
    const authorities = Object.values(clientAuthorities)
    this.#named?.replace(this.#namedTls(certificates))
    this.#server.setSecureContext({
      cert: certificatePem,
      key: keyPem,
      ...(authorities.length === 0 ? {} : { ca: authorities }),
      ...this.#options.tls,
    })
    this.#connections.replace(clientAuthorities)
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      const { address: host, port, sharesPort: reusePort = false } = this.#options
      this.#server.listen({ host, port, reusePort, backlog: 1024 }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    this.#server.on('error', (error) => this.#options.logger.error('the HTTP server failed', { error }))
  }

  get address(): string {
    return this.#options.address
  }

  get port(): number {
    const address = this.#server.address()
    assert(address !== null && typeof address === 'object', 'the HTTP server does not listen')
    return address.port
  }

  #onSocket(socket: TLSSocket): void {
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    if (socket.alpnProtocol === 'h2') this.#onHttp2(socket)
    else this.#serveHttp1(socket)
  }

  #onHttp2(socket: TLSSocket): void {
    const { host, logger } = this.#options
    const connection = this.#connections.of(socket)
    const line = new Line()
    socket.on('error', (error) => logger.debug('an HTTP/2 connection failed', { error }))
    const session = new H2Session({
      socket,
      host,
      limits: this.#limits,
      writer: this.#frameWriter,
      turnEnd: this.#turnEnd,
      beforeSending: this.#options.beforeSending,
      onStream: (stream) => {
        const { goAwayChance = 0 } = this.#options
        const goes = this.#refusing || (goAwayChance > 0 && host.random() < goAwayChance)
        this.#onStream(stream, connection, line)
        if (goes) session.close()
      },
      onError: (error) => logger.debug('an HTTP/2 session failed', { error }),
    })
    this.#sessions.add(session)
    socket.once('close', () => this.#sessions.delete(session))
    if (this.#closing) session.close()
  }

  #onStream(stream: H2Stream, connection: Connection, line: Line): void {
    const source = http2Source(stream, connection, this.#bodies)
    const { method, target } = stream.head
    this.#serve(method, target, source, new Http2Outgoing(stream, this.#date), line)
  }

  #onHttp1(message: IncomingMessage, response: Http1Response<IncomingMessage>): void {
    response.on('error', () => {})
    if (refusesHosts(message)) return
    const { socket } = message
    assert(socket instanceof TLSSocket, 'an HTTP/1.1 connection without TLS')
    const connection = this.#connections.of(socket)
    const source = http1Source(message, response, connection, this.#bodies)
    this.#busySockets.add(socket)
    response.once('close', () => this.#busySockets.delete(socket))
    response.once('finish', () => this.#lingerFor(message, socket))
    if (this.#closing || this.#refusing) response.setHeader('connection', 'close')
    this.#serve(message.method, message.url, source, new Http1Outgoing(response, this.#context))
  }

  /** Who has its answer and is still not through with its request is waited for a little, and no longer. */
  #lingerFor(message: IncomingMessage, socket: TLSSocket): void {
    if (message.complete) return
    this.#options.host.schedule(lingerMs, () => {
      if (!message.complete) socket.destroy()
    })
  }

  #onUpgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {})
    if (refusesHosts(message)) return
    assert(socket instanceof TLSSocket, 'an HTTP/1.1 connection without TLS')
    const connection = this.#connections.of(socket)
    const source = http1Source(message, socket, connection, this.#bodies)
    const request = this.#request(message.method, message.url, source)
    if (request === undefined) {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
      return
    }
    this.#busySockets.add(socket)
    socket.once('close', () => this.#busySockets.delete(socket))
    if (this.#refuses(request)) {
      socket.end(
        `HTTP/1.1 429 Too Many Requests\r\nRetry-After: ${retrySeconds}\r\nConnection: close\r\nContent-Length: ${goingText.length}\r\n\r\n${goingText}`,
      )
      return
    }
    const { handler } = this.#options
    serveUpgrade({ request, message, socket, head, handler, context: this.#context }).catch(
      (error: unknown) => {
        this.#options.logger.error('an upgrade failed', { error, path: request.path })
        socket.destroy()
      },
    )
  }

  #request(
    method: string | undefined,
    target: string | undefined,
    source: RequestSource,
  ): ServerRequest | undefined {
    const parsed = parseTarget(target ?? '')
    if (parsed === undefined) return undefined
    return new ServerRequest({
      method: method ?? 'GET',
      path: parsed.path,
      query: parsed.query,
      source,
      startedMs: this.#options.host.monotonicMs(),
    })
  }

  #serve(
    method: string | undefined,
    target: string | undefined,
    source: RequestSource,
    outgoing: Outgoing,
    // Over HTTP/1.1 a connection has one request at a time.
    line = new Line(),
  ): void {
    const request = this.#request(method, target, source)
    if (request === undefined) {
      const text = Buffer.from('400 Bad Request: malformed path')
      outgoing.send(400, { 'content-type': 'text/plain; charset=utf-8' }, [text], text.length)
      return
    }
    if (this.#refuses(request)) {
      const text = Buffer.from(goingText)
      outgoing.send(429, { ...goingHeaders, 'content-length': String(text.length) }, [text], text.length)
      return
    }
    this.#underWay++
    this.#turns.add(line, () => this.#begin(request, outgoing))
  }

  #begin(request: ServerRequest, outgoing: Outgoing): void {
    // Who has gone before its turn came has asked for nothing.
    const answered = outgoing.closed
      ? Promise.resolve()
      : this.#options
          .handler(request)
          .then((response) => respond(outgoing, request, response, this.#context))
          .catch((error: unknown) => {
            this.#options.logger.error('a response failed', { error, path: request.path })
            if (!outgoing.closed) outgoing.destroy()
          })
    void answered.finally(() => {
      this.#underWay--
      if (this.#underWay === 0) this.#onIdle?.()
    })
  }

  /** Of other servers' writes and of who asks for the health there is an end; all others are sent elsewhere. */
  #refuses(request: ServerRequest): boolean {
    if (!this.#refusing) return false
    const agent = request.header('user-agent') ?? ''
    return (
      !agent.startsWith('kube-apiserver/') && !openWhileGoing.some((path) => request.path.startsWith(path))
    )
  }

  refuse(): void {
    this.#refusing = true
  }

  whenIdle(limitMs: number): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#options.host.schedule(limitMs, resolve)
      this.#onIdle = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    for (const watch of this.#context.watches) watch.finish()
    for (const session of this.#sessions) session.close()
    for (const socket of this.#sockets) {
      const http1 = socket.alpnProtocol !== 'h2'
      if (http1 && !this.#busySockets.has(socket)) socket.destroy()
    }
    const timer = this.#options.host.schedule(graceMs, () => {
      for (const session of this.#sessions) session.destroy()
      for (const socket of this.#sockets) socket.destroy()
    })
    await closed
    timer.cancel()
    this.#yaml.close()
  }
}

/**
 * Serves the chain over HTTPS: HTTP/2 (by ALPN) and HTTP/1.1 with upgrades, TLS 1.2 and newer, client certificates
 * asked for but not demanded. Rejects with Node's error where the address is taken.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const front = new Front(options)
  await front.start()
  return front
}
