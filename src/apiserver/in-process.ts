import type { Status, WatchEvent } from '../apimachinery/meta.ts'
import { StatusError, statusError } from '../apimachinery/status-error.ts'
import type { ApiRequest, ApiResponse, Transport } from '../apimachinery/transport.ts'
import type { ByteSink } from '../base/byte-sink.ts'
import type { Host } from '../base/host.ts'
import type { Handler } from './filter.ts'
import { Query } from './query.ts'
import {
  type Connection,
  type RequestBody,
  type RequestSource,
  ServerRequest,
  type UserInfo,
} from './request.ts'
import type { ServerResponse, StreamResponse } from './response.ts'

const decoder = new TextDecoder()
const nothing: readonly string[] = []

/** What the chain sees of a request from the same process. */
class InProcessSource implements RequestSource {
  readonly connection: Connection
  readonly wantsObjects = true
  readonly #request: ApiRequest
  readonly #agent: string
  #signal: AbortSignal | undefined

  constructor(connection: Connection, request: ApiRequest, agent: string) {
    this.connection = connection
    this.#request = request
    this.#agent = agent
  }

  header(name: string): string | undefined {
    if (name === 'user-agent') return this.#agent
    if (name === 'content-type') return this.#request.contentType ?? 'application/json'
    if (name === 'accept') return this.#request.accept
    return undefined
  }

  headerNames(): readonly string[] {
    return ['user-agent', 'content-type']
  }

  hasHeaderLike(prefix: string): boolean {
    return this.headerNames().some((name) => name.startsWith(prefix))
  }

  headerValues(name: string): readonly string[] {
    const value = this.header(name)
    return value === undefined ? nothing : [value]
  }

  readBody(): RequestBody {
    const { body } = this.#request
    return body === undefined ? { type: 'bytes', bytes: new Uint8Array() } : { type: 'object', object: body }
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#request.signal ?? new AbortController().signal
    return this.#signal
  }
}

const isStatus = (value: unknown): value is Status =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status'

/** What a client makes of an error that is no Status; its own library's words. */
function foreignError(status: number): StatusError {
  return status === 404
    ? statusError('NotFound', 'the server could not find the requested resource', {}, status)
    : statusError('', `the server responded with the status code ${status}`, undefined, status)
}

/** Everything that a stream sends, for answers that are no objects (logs). */
function collect(response: StreamResponse): Promise<Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    const sink: ByteSink = {
      bufferedBytes: 0,
      write: (bytes, taken) => {
        chunks.push(taken === undefined ? bytes : bytes.slice())
        taken?.()
        return true
      },
      onDrain: (callback) => callback(),
      onClose: () => {},
      end: () => resolve(chunks),
      destroy: () => reject(statusError('InternalError', 'the answer has been broken off')),
    }
    response.start(sink)
  })
}

function decodeText(contentType: string, chunks: readonly Uint8Array[]): unknown {
  const text = chunks.map((chunk) => decoder.decode(chunk)).join('')
  return contentType.startsWith('application/json') ? JSON.parse(text) : text
}

async function bodyOf(response: ServerResponse): Promise<unknown> {
  switch (response.type) {
    case 'object':
      return response.object
    case 'bytes':
      return decodeText(response.contentType, response.chunks)
    case 'stream':
      return decodeText(response.contentType, await collect(response))
    default:
      throw statusError('BadRequest', `a request was answered by ${response.type}`)
  }
}

export interface InProcessOptions {
  readonly host: Host
  readonly handle: Handler
  readonly user: UserInfo
  /** The client's name, as its requests tell it. */
  readonly agent: string
  /** Called before anything of an answer is handed back. */
  readonly beforeAnswer?: (() => void) | undefined
}

/**
 * A user's way through the whole chain without sockets and codecs: what is written and read are the same objects,
 * which nobody may change.
 */
export class InProcessTransport implements Transport {
  readonly #host: Host
  readonly #handle: Handler
  readonly #connection: Connection
  readonly #agent: string
  readonly #beforeAnswer: (() => void) | undefined

  constructor(options: InProcessOptions) {
    const { host, handle, user, agent, beforeAnswer } = options
    this.#host = host
    this.#handle = handle
    this.#connection = { remoteAddress: '', user }
    this.#agent = agent
    this.#beforeAnswer = beforeAnswer
  }

  #toServer(request: ApiRequest): ServerRequest {
    const { path } = request
    return new ServerRequest({
      method: request.method,
      path: path.includes('%') ? decodeURIComponent(path) : path,
      query: Query.of(request.query),
      source: new InProcessSource(this.#connection, request, this.#agent),
      startedMs: this.#host.monotonicMs(),
    })
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    request.signal?.throwIfAborted()
    const sent = this.#toServer(request)
    const response = await this.#handle(sent)
    this.#beforeAnswer?.()
    if (response.type === 'events' || response.type === 'upgrade')
      throw statusError('BadRequest', 'a watch is not a request')
    const { status } = response
    if (status < 400) return { status, body: await bodyOf(response), warnings: sent.warnings }
    const body = response.type === 'object' ? response.object : undefined
    throw isStatus(body) ? new StatusError(body) : foreignError(status)
  }

  async *watch(request: ApiRequest): AsyncGenerator<readonly WatchEvent[]> {
    const response = await this.#handle(this.#toServer(request))
    if (response.type === 'events') {
      yield* response.events
      return
    }
    const body = response.type === 'object' ? response.object : undefined
    if (isStatus(body)) throw new StatusError(body)
    throw foreignError(response.type === 'upgrade' ? 101 : response.status)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
