import type { ServerResponse as Http1Response, IncomingMessage } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Writable } from 'node:stream'

export type OutgoingHeaders = Record<string, string | readonly string[]>

/** Where one response goes, over HTTP/2 or HTTP/1.1. */
export interface Outgoing {
  /** Takes the body's bytes, after `head`. */
  readonly body: Writable
  /** The client has gone, or the response is finished: nothing more can be said. */
  readonly closed: boolean
  /** Once, before the body. `flush`: the client sees it now and not with the first bytes. */
  head(status: number, headers: OutgoingHeaders, flush: boolean): void
  /** Makes the client see a failure and not an end. */
  destroy(): void
}

export class Http2Outgoing implements Outgoing {
  readonly #stream: ServerHttp2Stream

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream
  }

  get body(): Writable {
    return this.#stream
  }

  get closed(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  head(status: number, headers: OutgoingHeaders): void {
    const all: OutgoingHeaders & { ':status'?: number } = headers
    this.#stream.respond({ ...all, ':status': status })
  }

  destroy(): void {
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  }
}

export class Http1Outgoing implements Outgoing {
  readonly #response: Http1Response<IncomingMessage>

  constructor(response: Http1Response<IncomingMessage>) {
    this.#response = response
  }

  get body(): Writable {
    return this.#response
  }

  get closed(): boolean {
    return this.#response.destroyed || this.#response.writableEnded
  }

  head(status: number, headers: OutgoingHeaders, flush: boolean): void {
    for (const [name, value] of Object.entries(headers)) this.#response.setHeader(name, value)
    this.#response.writeHead(status)
    if (flush) this.#response.flushHeaders()
  }

  destroy(): void {
    this.#response.destroy()
  }
}
