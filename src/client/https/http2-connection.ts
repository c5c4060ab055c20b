import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { statusError } from '../../apimachinery/status-error.ts'
import type { Host, Timer } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import { BackOff } from '../back-off.ts'

export interface ConnectionOptions {
  readonly host: Host
  /** `https://127.0.0.1:6443` */
  readonly origin: string
  /** PEM; the machine's own authorities where absent. */
  readonly certificateAuthority?: string
  readonly clientCertificate?: string
  readonly clientKey?: string
  /** What is shown in their place, read anew for each connection: files that somebody renews. Throws where they cannot be read. */
  readonly clientIdentity?: () => { readonly certificate: string; readonly key: string }
  /** What the server's certificate has to name, where that is not the origin's host. */
  readonly tlsServerName?: string
  readonly insecureSkipTlsVerify?: boolean
}

/** Of both, Node's defaults are too small for lists and many watches. */
const sessionWindowBytes = 16 * 1024 * 1024
const streamWindowBytes = 1024 * 1024

const connectTimeoutMs = 10_000

/** client-go's ReadIdleTimeout and PingTimeout: a connection that went dead is noticed within 45 s. */
const pingAfterMs = 30_000
const pingTimeoutMs = 15_000

/** Requests that come after a failed attempt wait for the next one, that long at most. */
const reconnectBackOff = { initialMs: 50, capMs: 1_000, factor: 2, jitter: 0.5, resetMs: 10_000 }

const unreachable = (origin: string, error: unknown) =>
  statusError('ServiceUnavailable', `the server at ${origin} cannot be reached: ${messageOf(error)}`)

/**
 * One HTTP/2 connection to a server, made when it is first needed and again when it is lost. A connection that
 * the server wants to end (GOAWAY) gets no new streams; those on it finish.
 */
export class Http2Connection {
  readonly #options: ConnectionOptions
  readonly #backOff: BackOff
  readonly #sessions = new Set<ClientHttp2Session>()
  #current: Promise<ClientHttp2Session> | undefined
  #notBeforeMs = 0
  #isClosed = false

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#backOff = new BackOff(options.host, reconnectBackOff)
  }

  /** A new stream. `admit` is called right before it and may throw. Throws ServiceUnavailable when there is no connection to be had. */
  async open(
    headers: Readonly<Record<string, string>>,
    endStream: boolean,
    admit: () => void,
  ): Promise<ClientHttp2Stream> {
    const session = await this.#session()
    admit()
    try {
      return session.request(headers, { endStream })
    } catch {
      // It was lost in this very moment.
      this.#forget(session)
      const next = await this.#session()
      admit()
      try {
        return next.request(headers, { endStream })
      } catch (error) {
        throw unreachable(this.#options.origin, error)
      }
    }
  }

  /** Breaks what is open: what comes next shows what is to be shown now. */
  renew(): void {
    this.#current = undefined
    for (const session of this.#sessions) session.destroy()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#current = undefined
    await Promise.all(
      [...this.#sessions].map(
        (session) =>
          new Promise<void>((resolve) => {
            session.once('close', resolve)
            session.destroy()
          }),
      ),
    )
  }

  #session(): Promise<ClientHttp2Session> {
    if (this.#isClosed) return Promise.reject(unreachable(this.#options.origin, 'the client is closed'))
    this.#current ??= this.#connect()
    return this.#current
  }

  #forget(session: ClientHttp2Session): void {
    void this.#current?.then((current) => {
      if (current === session) this.#current = undefined
    })
  }

  async #connect(): Promise<ClientHttp2Session> {
    const { host, origin } = this.#options
    const waitMs = this.#notBeforeMs - host.monotonicMs()
    if (waitMs > 0) await new Promise<void>((resolve) => host.schedule(waitMs, resolve))
    try {
      const session = await this.#handshake()
      this.#backOff.reset()
      this.#keepAlive(session)
      return session
    } catch (error) {
      this.#current = undefined
      this.#notBeforeMs = host.monotonicMs() + this.#backOff.next()
      throw unreachable(origin, error)
    }
  }

  #handshake(): Promise<ClientHttp2Session> {
    const { host, origin, certificateAuthority, clientIdentity } = this.#options
    const { tlsServerName, insecureSkipTlsVerify = false } = this.#options
    const { certificate, key } = clientIdentity?.() ?? {
      certificate: this.#options.clientCertificate,
      key: this.#options.clientKey,
    }
    const session = connect(origin, {
      rejectUnauthorized: !insecureSkipTlsVerify,
      settings: { initialWindowSize: streamWindowBytes, enablePush: false },
      ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
      ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
    })
    this.#sessions.add(session)
    session.once('close', () => this.#sessions.delete(session))
    return new Promise((resolve, reject) => {
      const timer = host.schedule(connectTimeoutMs, () => session.destroy(new Error('connecting timed out')))
      const failed = (error: unknown): void => {
        timer.cancel()
        session.destroy()
        reject(error)
      }
      session.on('error', failed)
      session.once('close', () => failed(new Error('the connection was closed')))
      session.once('connect', () => {
        timer.cancel()
        session.setLocalWindowSize(sessionWindowBytes)
        const forget = (): void => this.#forget(session)
        session.on('goaway', forget)
        session.on('close', forget)
        session.on('error', forget)
        resolve(session)
      })
    })
  }

  /** Asks for a sign of life while streams wait, and breaks a connection that gives none. */
  #keepAlive(session: ClientHttp2Session): void {
    const { host } = this.#options
    let timer: Timer | undefined
    const check = (): void => {
      if (session.closed || session.destroyed) return
      const deadline = host.schedule(pingTimeoutMs, () =>
        session.destroy(new Error('the server does not answer any more'), constants.NGHTTP2_CANCEL),
      )
      timer = deadline
      const isSent = session.ping((error) => {
        deadline.cancel()
        if (error === null) timer = host.schedule(pingAfterMs, check)
      })
      if (!isSent) deadline.cancel()
    }
    timer = host.schedule(pingAfterMs, check)
    session.once('close', () => timer?.cancel())
  }
}
