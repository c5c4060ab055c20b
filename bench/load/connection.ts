import { readFileSync } from 'node:fs'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { parse } from 'yaml'

/** An administrator's way to a server. */
export interface Credentials {
  readonly server: string
  readonly ca: Buffer
  readonly cert: Buffer
  readonly key: Buffer
}

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ]
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ]
}

export function readCredentials(kubeconfigFile: string): Credentials {
  const config: Kubeconfig = parse(readFileSync(kubeconfigFile, 'utf8'))
  const { cluster } = config.clusters[0]
  const { user } = config.users[0]
  return {
    server: cluster.server,
    ca: Buffer.from(cluster['certificate-authority-data'], 'base64'),
    cert: Buffer.from(user['client-certificate-data'], 'base64'),
    key: Buffer.from(user['client-key-data'], 'base64'),
  }
}

export interface Answer {
  readonly status: number
  readonly body: Buffer
}

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly accept?: string
  readonly contentType?: string
  /** Somebody's token, where it is not the administrator who asks: then the connection shows no certificate. */
  readonly token?: string
}

/** One HTTP/2 session; as many requests at once as the server lets it have. */
export class Connection {
  readonly #session: ClientHttp2Session

  private constructor(session: ClientHttp2Session) {
    this.#session = session
    session.setMaxListeners(0)
    session.on('error', () => {}) // each request says so itself
  }

  /** Without the administrator's certificate, for those who come with a token. */
  static openNameless({ server, ca }: Pick<Credentials, 'server' | 'ca'>): Promise<Connection> {
    return Connection.#connect(server, { ca })
  }

  static open({ server, ...tls }: Credentials): Promise<Connection> {
    return Connection.#connect(server, tls)
  }

  static #connect(server: string, tls: Partial<Credentials>): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const session = connect(server, tls)
      session.once('connect', () => resolve(new Connection(session)))
      session.once('error', reject)
    })
  }

  /** Resolves with any answer, also one that says no. */
  send(request: Request): Promise<Answer> {
    const { method = 'GET', path, body, accept = 'application/json', token } = request
    return new Promise((resolve, reject) => {
      const headers = {
        ':method': method,
        ':path': path,
        accept,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      }
      const stream = this.#session.request(headers, { endStream: body === undefined })
      const chunks: Buffer[] = []
      let status = 0
      stream.on('response', (answered: IncomingHttpHeaders) => {
        status = Number(answered[':status'])
      })
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => resolve({ status, body: Buffer.concat(chunks) }))
      stream.on('error', reject)
      if (body !== undefined) stream.end(JSON.stringify(body))
    })
  }

  /** As `send`; throws for an answer of 400 and above. */
  async expect(request: Request): Promise<Answer> {
    const answer = await this.send(request)
    if (answer.status < 400) return answer
    throw new Error(`${request.method ?? 'GET'} ${request.path}: ${answer.status} ${answer.body}`)
  }

  /** As `expect`, and parses the answer. */
  async ask<T>(request: Request): Promise<T> {
    const { body } = await this.expect(request)
    const parsed: T = JSON.parse(body.toString())
    return parsed
  }

  /** Calls back with every complete line of an endless answer, and when it has ended. */
  follow(path: string, onLine: (line: Buffer) => void, onEnd: () => void = () => {}): { stop(): void } {
    const stream = this.#session.request({ ':path': path, accept: 'application/json' })
    let rest: Buffer | undefined
    stream.on('error', () => {}) // it ends, whatever the reason
    stream.on('close', onEnd)
    stream.on('data', (chunk: Buffer) => {
      let from = 0
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        const part = chunk.subarray(from, end)
        onLine(rest === undefined ? part : Buffer.concat([rest, part]))
        rest = undefined
        from = end + 1
      }
      if (from < chunk.length) {
        const part = chunk.subarray(from)
        rest = rest === undefined ? part : Buffer.concat([rest, part])
      }
    })
    return { stop: () => stream.close() }
  }

  close(): void {
    this.#session.destroy()
  }
}
