import { once } from 'node:events'
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2'
import { errorOfAnswer } from '../../apimachinery/error-of-answer.ts'
import type { WatchEvent } from '../../apimachinery/meta.ts'
import { isStatus, StatusError, statusError } from '../../apimachinery/status-error.ts'
import type { ApiRequest, ApiResponse, Transport } from '../../apimachinery/transport.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Metrics } from '../../base/metrics.ts'
import { ClientMetrics } from './client-metrics.ts'
import { type ConnectionOptions, Http2Connection } from './http2-connection.ts'
import { JsonLines } from './json-lines.ts'

export interface HttpsTransportOptions extends Omit<ConnectionOptions, 'origin'> {
  /** `https://127.0.0.1:6443`; a path in it goes before every request's. */
  readonly server: string
  /** A bearer token, or what gives the one that is valid now. */
  readonly token?: string | (() => string)
  readonly userAgent?: string
  /** Absent: nobody measures it. */
  readonly metrics?: Metrics
  /** Called in the very moment in which a request goes out, also again; what it throws is the request's error. */
  readonly beforeSend?: (request: ApiRequest) => void
}

interface Answer {
  readonly code: number
  readonly warnings: readonly string[]
}

/** The text of `299 - "text"`, several of which a server sends as several headers. */
function warningsOf(header: string | readonly string[] | undefined): readonly string[] {
  const joined = typeof header === 'string' ? header : (header ?? []).join(', ')
  return [...joined.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    (match[1] ?? '').replace(/\\(.)/g, '$1'),
  )
}

/** Resolves with the head of the answer; rejects when there is none. */
function headOf(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    stream.once('response', (headers: IncomingHttpHeaders) => {
      resolve({ code: Number(headers[':status']), warnings: warningsOf(headers.warning) })
    })
    stream.once('error', reject)
    stream.once('close', () => reject(new Error('the connection was closed before the answer')))
  })
}

/** Throws when what was read is not all that the server meant to send. */
async function checkEnd(stream: ClientHttp2Stream): Promise<void> {
  if (!stream.closed) await once(stream, 'close')
  if (stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR) {
    throw new Error('the answer was cut off')
  }
}

/**
 * Everything that a stream brings. It listens from the stream's first moment on: what nobody has begun to read when
 * the answer's last frame arrives, Node throws away.
 */
function collect(stream: ClientHttp2Stream): Promise<string> {
  const chunks: Buffer[] = []
  const text = new Promise<string>((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    stream.once('error', reject)
    stream.once('close', () => reject(new Error('the connection was closed before the answer was whole')))
  })
  text.catch(() => {}) // whoever asks for it hears of it
  return text
}

const lost = (error: unknown): StatusError =>
  error instanceof StatusError
    ? error
    : statusError('ServiceUnavailable', `the connection to the server was lost: ${messageOf(error)}`)

interface Sent extends Answer {
  readonly stream: ClientHttp2Stream
  /** The whole body, where it was asked for. */
  readonly text: Promise<string> | undefined
}

/** A transport whose user may get another certificate. */
export interface HttpsTransport extends Transport {
  /** Breaks the connection, so that the next one shows the certificate of now; watches are lost, and asked for again by whoever reads them. */
  reconnect(): void
}

class Http2Transport implements HttpsTransport {
  readonly #options: HttpsTransportOptions
  readonly #connection: Http2Connection
  readonly #prefix: string
  readonly #metrics: ClientMetrics | undefined

  constructor(options: HttpsTransportOptions) {
    const { origin, host, pathname } = new URL(options.server)
    this.#metrics = options.metrics === undefined ? undefined : new ClientMetrics(options.metrics, host)
    this.#options = options
    this.#prefix = pathname.replace(/\/$/, '')
    this.#connection = new Http2Connection({ ...options, origin })
  }

  request(request: ApiRequest): Promise<ApiResponse> {
    return this.#options.host.track(this.#request(request))
  }

  async *watch(request: ApiRequest): AsyncGenerator<readonly WatchEvent[]> {
    const { signal } = request
    let stream: ClientHttp2Stream | undefined
    try {
      const answer = await this.#options.host.track(this.#send(request, false))
      stream = answer.stream
      if (answer.code >= 400) throw errorOfAnswer(answer.code, await collect(stream))
      const lines = new JsonLines<WatchEvent>()
      for await (const chunk of stream) {
        const events = lines.push(chunk)
        if (events.length > 0) yield events
      }
      await checkEnd(stream)
    } catch (error) {
      if (signal?.aborted) return
      throw lost(error)
    } finally {
      if (stream?.closed === false) stream.close(constants.NGHTTP2_CANCEL)
    }
  }

  reconnect(): void {
    this.#connection.renew()
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  async #request(request: ApiRequest): Promise<ApiResponse> {
    const {
      code,
      warnings,
      text: coming,
    } = await this.#send(request, true).catch((error: unknown) => {
      request.signal?.throwIfAborted()
      throw error
    })
    try {
      const text = (await coming) ?? ''
      if (this.#metrics !== undefined) this.#metrics.received(request.method, Buffer.byteLength(text))
      request.signal?.throwIfAborted()
      if (code >= 400) throw errorOfAnswer(code, text)
      return { status: code, body: text === '' ? undefined : bodyOf(text), warnings }
    } catch (error) {
      request.signal?.throwIfAborted()
      throw lost(error)
    }
  }

  /** Sends a request and waits for the head of its answer; once more where the server has not looked at it. */
  async #send(request: ApiRequest, wholly: boolean): Promise<Sent> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body)
    const { host } = this.#options
    for (let attempt = 1; ; attempt++) {
      request.signal?.throwIfAborted()
      const startedMs = host.monotonicMs()
      const note = (code?: number): void =>
        this.#metrics?.answered(
          request.method,
          code,
          host.monotonicMs() - startedMs,
          body === undefined ? 0 : Buffer.byteLength(body),
        )
      const headers = this.#headers(request, body)
      const stream = await this.#connection.open(headers, body === undefined, () =>
        this.#options.beforeSend?.(request),
      )
      const text = wholly ? collect(stream) : undefined
      const abort = (): void => stream.close(constants.NGHTTP2_CANCEL)
      if (request.signal?.aborted) abort()
      request.signal?.addEventListener('abort', abort, { once: true })
      stream.once('close', () => request.signal?.removeEventListener('abort', abort))
      // Whoever reads the stream gets its errors; an error without a reader must not end the process.
      stream.on('error', () => {})
      if (body !== undefined) stream.end(body)
      try {
        const head = await headOf(stream)
        note(head.code)
        return { ...head, stream, text }
      } catch (error) {
        note()
        request.signal?.throwIfAborted()
        const isUntouched = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
        if (attempt > 1 || !(isUntouched || request.method === 'GET') || isStatus(error)) throw lost(error)
      }
    }
  }

  #headers(request: ApiRequest, body: string | undefined): Record<string, string> {
    const { token, userAgent = 'timonel' } = this.#options
    const query = new URLSearchParams(request.query).toString()
    const bearer = typeof token === 'function' ? token() : token
    return {
      ':method': request.method,
      ':path': `${this.#prefix}${request.path}${query === '' ? '' : `?${query}`}`,
      accept: request.accept ?? 'application/json, */*;q=0.1',
      'user-agent': userAgent,
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(body === undefined
        ? {}
        : {
            'content-type': request.contentType ?? 'application/json',
            'content-length': String(Buffer.byteLength(body)),
          }),
    }
  }
}

/** Almost everything is JSON; logs and health are not. */
function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A user's way to an API server over HTTP/2 and TLS. Whoever makes it closes it. */
export const createHttpsTransport = (options: HttpsTransportOptions): HttpsTransport =>
  new Http2Transport(options)
