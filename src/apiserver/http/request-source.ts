import type { IncomingMessage } from 'node:http'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Readable, Writable } from 'node:stream'
import type { Connection, RequestBody, RequestSource } from '../request.ts'
import { readBody } from './read-body.ts'

export interface IncomingRequest {
  readonly stream: Readable
  /** Closes when the response is complete or the client has gone. */
  readonly closing: Writable
  readonly connection: Connection
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[]
  readonly maxBodyBytes: number
}

/** An HTTP request as the chain sees it, made from either version's. */
export class HttpRequestSource implements RequestSource {
  readonly connection: Connection
  readonly wantsObjects = false
  readonly #request: IncomingRequest
  #abort: AbortController | undefined

  constructor(request: IncomingRequest) {
    this.connection = request.connection
    this.#request = request
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  headerNames(): readonly string[] {
    // Node's table of headers is slow to enumerate.
    const raw = this.#request.rawHeaders
    const names: string[] = []
    for (let index = 0; index < raw.length; index += 2) {
      const name = raw[index]?.toLowerCase() ?? ''
      if (!name.startsWith(':') && !names.includes(name)) names.push(name)
    }
    return names
  }

  headerValues(name: string): readonly string[] {
    const raw = this.#request.rawHeaders
    const values: string[] = []
    for (let index = 0; index < raw.length; index += 2) {
      if (raw[index]?.toLowerCase() === name) values.push(raw[index + 1] ?? '')
    }
    return values
  }

  readBody(): Promise<RequestBody> {
    const announced = this.header('content-length')
    return readBody(
      this.#request.stream,
      announced === undefined ? undefined : Number(announced),
      this.#request.maxBodyBytes,
    )
  }

  get signal(): AbortSignal {
    this.#abort ??= this.#watchClose()
    return this.#abort.signal
  }

  #watchClose(): AbortController {
    const controller = new AbortController()
    const { closing } = this.#request
    if (closing.closed) controller.abort()
    else closing.once('close', () => controller.abort())
    return controller
  }
}

export const http2Source = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
  connection: Connection,
  maxBodyBytes: number,
): HttpRequestSource =>
  new HttpRequestSource({ stream, closing: stream, connection, headers, rawHeaders, maxBodyBytes })

export const http1Source = (
  message: IncomingMessage,
  closing: Writable,
  connection: Connection,
  maxBodyBytes: number,
): HttpRequestSource =>
  new HttpRequestSource({
    stream: message,
    closing,
    connection,
    headers: message.headers,
    rawHeaders: message.rawHeaders,
    maxBodyBytes,
  })
