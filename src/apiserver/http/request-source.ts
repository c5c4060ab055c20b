import type { IncomingMessage } from 'node:http'
import type { Writable } from 'node:stream'
import type { Connection, RequestBody, RequestSource } from '../request.ts'
import type { H2Stream } from './h2/h2-stream.ts'
import { readBody } from './read-body.ts'
import type { YamlReader } from './yaml-reader.ts'

/** How a server's bodies are read. */
export interface BodyReading {
  readonly maxBodyBytes: number
  readonly yaml: YamlReader
}

/** What both versions of HTTP have in common: names and values in turn, and somebody who may go. */
abstract class HttpRequestSource implements RequestSource {
  readonly connection: Connection
  readonly wantsObjects = false
  /** Names and values in turn, names in lower case if `isLowerCase`. */
  protected readonly fields: readonly string[]
  protected readonly maxBodyBytes: number
  readonly #isLowerCase: boolean
  readonly #yaml: YamlReader
  #abort: AbortController | undefined

  constructor(connection: Connection, fields: readonly string[], isLowerCase: boolean, bodies: BodyReading) {
    this.connection = connection
    this.fields = fields
    this.#isLowerCase = isLowerCase
    this.maxBodyBytes = bodies.maxBodyBytes
    this.#yaml = bodies.yaml
  }

  abstract header(name: string): string | undefined
  protected abstract readBytes(): RequestBody | Promise<RequestBody>

  readBody(): RequestBody | Promise<RequestBody> {
    const type = this.header('content-type')
    if (type?.includes('yaml') !== true) return this.readBytes()
    return this.#yaml.read(Promise.resolve(this.readBytes()), type)
  }

  /** Calls back when the response is complete or the client has gone; at once if that was before. */
  protected abstract onClose(callback: () => void): void

  #name(index: number): string {
    const name = this.fields[index] ?? ''
    return this.#isLowerCase ? name : name.toLowerCase()
  }

  headerNames(): readonly string[] {
    const names: string[] = []
    for (let index = 0; index < this.fields.length; index += 2) {
      const name = this.#name(index)
      if (!names.includes(name)) names.push(name)
    }
    return names
  }

  hasHeaderLike(prefix: string): boolean {
    for (let index = 0; index < this.fields.length; index += 2) {
      if (this.#name(index).startsWith(prefix)) return true
    }
    return false
  }

  headerValues(name: string): readonly string[] {
    const values: string[] = []
    for (let index = 0; index < this.fields.length; index += 2) {
      if (this.#name(index) === name) values.push(this.fields[index + 1] ?? '')
    }
    return values
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const controller = new AbortController()
      this.#abort = controller
      this.onClose(() => controller.abort())
    }
    return this.#abort.signal
  }
}

class Http2Source extends HttpRequestSource {
  readonly #stream: H2Stream

  constructor(stream: H2Stream, connection: Connection, bodies: BodyReading) {
    super(connection, stream.head.fields, true, bodies)
    this.#stream = stream
  }

  header(name: string): string | undefined {
    const { fields } = this
    let found: string | undefined
    for (let index = 0; index < fields.length; index += 2) {
      if (fields[index] !== name) continue
      const value = fields[index + 1] ?? ''
      found = found === undefined ? value : `${found}${name === 'cookie' ? '; ' : ', '}${value}`
    }
    return found
  }

  protected readBytes(): RequestBody | Promise<RequestBody> {
    return this.#stream.readBody(this.maxBodyBytes)
  }

  protected onClose(callback: () => void): void {
    this.#stream.onClose(callback)
  }
}

class Http1Source extends HttpRequestSource {
  readonly #message: IncomingMessage
  readonly #closing: Writable

  constructor(message: IncomingMessage, closing: Writable, connection: Connection, bodies: BodyReading) {
    super(connection, message.rawHeaders, false, bodies)
    this.#message = message
    this.#closing = closing
  }

  header(name: string): string | undefined {
    const value = this.#message.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  protected readBytes(): Promise<RequestBody> {
    const announced = this.header('content-length')
    const announcedBytes = announced === undefined ? undefined : Number(announced)
    return readBody(this.#message, announcedBytes, this.maxBodyBytes)
  }

  protected onClose(callback: () => void): void {
    if (this.#closing.closed) callback()
    else this.#closing.once('close', callback)
  }
}

/** A request over HTTP/2 as the chain sees it. */
export const http2Source = (stream: H2Stream, connection: Connection, bodies: BodyReading): RequestSource =>
  new Http2Source(stream, connection, bodies)

/** A request over HTTP/1.1. `closing` closes when its response is complete or the client has gone. */
export const http1Source = (
  message: IncomingMessage,
  closing: Writable,
  connection: Connection,
  bodies: BodyReading,
): RequestSource => new Http1Source(message, closing, connection, bodies)
