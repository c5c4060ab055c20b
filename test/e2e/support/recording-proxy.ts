import { once } from 'node:events'
import {
  type ClientHttp2Session,
  connect,
  constants,
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { selfSigned } from '../../../src/cluster/components/read-pem.ts'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  /** Of the monotonic clock. */
  readonly atMs: number
}

/** Stands between a component and the API server, and sees everything that is asked. */
export class RecordingProxy {
  readonly requests: SeenRequest[] = []
  readonly #server: Http2SecureServer
  readonly #target: ClientHttp2Session

  private constructor(server: Http2SecureServer, target: ClientHttp2Session) {
    this.#server = server
    this.#target = target
    server.on('stream', (stream, headers) => this.#forward(stream, headers))
    server.on('sessionError', () => {})
  }

  static async start(targetPort: number): Promise<RecordingProxy> {
    const { certificatePem, keyPem } = selfSigned({ folder: undefined, name: 'proxy', names: ['127.0.0.1'] })
    const server = createSecureServer({ cert: certificatePem, key: keyPem })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new RecordingProxy(
      server,
      connect(`https://127.0.0.1:${targetPort}`, { rejectUnauthorized: false }),
    )
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  }

  get writes(): readonly SeenRequest[] {
    return this.requests.filter(({ method }) => method !== 'GET')
  }

  async close(): Promise<void> {
    this.#target.destroy()
    this.#server.close()
  }

  #forward(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const { ':method': method = '', ':path': path = '', ':authority': _authority, ...rest } = headers
    this.requests.push({ method, path, atMs: performance.now() })
    const onward = this.#target.request({ ...rest, ':method': method, ':path': path })
    const end = (): void => {
      if (!onward.closed) onward.close(constants.NGHTTP2_CANCEL)
      if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL)
    }
    onward.once('response', ({ ':status': status, ...answer }) => {
      if (!stream.destroyed) stream.respond({ ...answer, ':status': status })
      onward.pipe(stream)
    })
    stream.pipe(onward)
    for (const each of [onward, stream]) each.on('error', end)
    stream.once('aborted', end)
    onward.once('aborted', end)
  }
}
