import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { RuntimeError } from '../runtime/runtime.ts'
import { runtimeErrorOf } from './status-codes.ts'

/** One call with one message each way (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). */
export interface UnaryCall {
  /** `/runtime.v1.RuntimeService/Version` */
  readonly path: string
  /** Encoded. */
  readonly request: Uint8Array
  /** Beside gRPC's own. */
  readonly headers: OutgoingHttpHeaders
  /** None where absent. */
  readonly timeoutMs?: number | undefined
}

/** A message goes uncompressed behind its length. */
const prefixBytes = 5

/** Of `grpc-timeout`, the smallest first, in milliseconds. */
const timeoutUnits = [
  ['m', 1],
  ['S', 1_000],
  ['M', 60_000],
  ['H', 3_600_000],
] as const
/** It has eight digits. */
const maxTimeout = 99_999_999
/** Node's timers wait no longer: a call that may take more than these 24 days is ended by the other side alone. */
const maxTimerMs = 2 ** 31 - 1

const systemErrors: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ECONNREFUSED: 'connection refused',
  EACCES: 'permission denied',
}

/** Of what hindered a connection: what waited for it fails because of that. */
const systemCodeOf = ({ cause }: Error): string =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : ''

/** Calls over one connection to a Unix socket, made with the first call and again after it was lost. */
export class UnaryCalls {
  readonly #socketPath: string
  readonly #maxMessageBytes: number
  /** The newest, and those before it whose last calls are still under way. */
  readonly #sessions = new Set<ClientHttp2Session>()
  #newest: ClientHttp2Session | undefined
  #isClosed = false

  constructor(socketPath: string, maxMessageBytes: number) {
    this.#socketPath = socketPath
    this.#maxMessageBytes = maxMessageBytes
  }

  /** The encoded answer. Rejects with RuntimeError, in the words of upstream's client. */
  call({ path, request, headers, timeoutMs }: UnaryCall): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(closing())
        return
      }
      const stream = this.#connected().request({
        ...headers,
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...(timeoutMs === undefined ? {} : { 'grpc-timeout': timeoutText(timeoutMs) }),
      })
      const timer =
        timeoutMs === undefined || timeoutMs > maxTimerMs
          ? undefined
          : setTimeout(() => {
              settle(() => reject(new RuntimeError('DeadlineExceeded', 'context deadline exceeded')))
              stream.close(constants.NGHTTP2_CANCEL)
            }, timeoutMs)
      let isSettled = false
      const settle = (tell: () => void): void => {
        if (isSettled) return
        isSettled = true
        clearTimeout(timer)
        tell()
      }
      this.#receive(stream, (error, message) =>
        settle(() => (message === undefined ? reject(error) : resolve(message))),
      )
      stream.end(framed(request))
    })
  }

  /** Calls that are under way fail. */
  close(): void {
    this.#isClosed = true
    for (const session of this.#sessions) session.destroy()
  }

  #connected(): ClientHttp2Session {
    const current = this.#newest
    // Closed: the other side has said that it takes no more calls over this connection.
    if (current !== undefined && !current.closed && !current.destroyed) return current
    const session = connect('http://localhost', { createConnection: () => connectSocket(this.#socketPath) })
    session.on('error', () => {}) // every call is told as well
    session.on('close', () => this.#sessions.delete(session))
    this.#sessions.add(session)
    this.#newest = session
    return session
  }

  /** Reads what comes back; tells of it exactly when the stream is over. */
  #receive(
    stream: ClientHttp2Stream,
    over: (error: RuntimeError | undefined, message?: Buffer) => void,
  ): void {
    const chunks: Buffer[] = []
    let bytes = 0
    let status: string | undefined
    let details = ''
    const take = (headers: Readonly<Record<string, string | string[] | number | undefined>>): void => {
      const [code, text] = [headers['grpc-status'], headers['grpc-message']]
      if (typeof code === 'string') status = code
      if (typeof text === 'string') details = decoded(text)
    }
    // An answer without a message says how it ended in its head.
    stream.on('response', take)
    stream.on('trailers', take)
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > this.#maxMessageBytes + prefixBytes) {
        const text = `grpc: received message larger than max (${bytes} vs. ${this.#maxMessageBytes})`
        over(new RuntimeError('Unknown', text))
        stream.close(constants.NGHTTP2_CANCEL)
      } else chunks.push(chunk)
    })
    let failure: Error | undefined
    stream.on('error', (error) => {
      failure = error
    })
    stream.on('close', () => {
      if (status === undefined) return over(this.#lost(failure))
      if (status !== '0') return over(runtimeErrorOf(Number(status), details))
      const answer = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
      const isWhole =
        bytes >= prefixBytes && answer[0] === 0 && answer.readUInt32BE(1) === bytes - prefixBytes
      if (isWhole) over(undefined, answer.subarray(prefixBytes))
      else over(new RuntimeError('Unknown', 'grpc: the answer is not one whole message'))
    })
  }

  #lost(failure: Error | undefined): RuntimeError {
    if (this.#isClosed) return closing()
    const why = failure && systemErrors[systemCodeOf(failure)]
    if (why === undefined) return new RuntimeError('Unavailable', 'error reading from server: EOF')
    const text = `transport: Error while dialing: dial unix ${this.#socketPath}: connect: ${why}`
    return new RuntimeError('Unavailable', `connection error: desc = ${JSON.stringify(text)}`)
  }
}

const closing = (): RuntimeError => new RuntimeError('Canceled', 'grpc: the client connection is closing')

/** What is too long for eight digits of a unit is rounded up to the next one. */
function timeoutText(timeoutMs: number): string {
  const texts = timeoutUnits.map(([unit, ms]) => [Math.max(1, Math.ceil(timeoutMs / ms)), unit] as const)
  const [count, unit] = texts.find(([number]) => number <= maxTimeout) ?? [maxTimeout, 'H']
  return `${count}${unit}`
}

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length)
  frame[0] = 0
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, prefixBytes)
  return frame
}

/** Percent-encoded; what is not stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
