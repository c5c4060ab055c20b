import http2 from 'node:http2'
import https from 'node:https'

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

export interface Ask {
  readonly method?: string
  readonly headers?: Record<string, string | string[]>
  readonly body?: Uint8Array
  readonly cert?: { certificatePem: string; keyPem: string }
}

/** Where to call. */
export interface Called {
  readonly port: number
  /** PEM. */
  readonly ca: string
}

export type Call = (to: Called, path: string, ask?: Ask) => Promise<Answer>

export const overHttp1: Call = ({ port, ca }, path, ask = {}) =>
  new Promise((resolve, reject) => {
    const request = https.request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: ask.method ?? 'GET',
        headers: ask.headers ?? {},
        ca,
        ...(ask.cert ? { cert: ask.cert.certificatePem, key: ask.cert.keyPem } : {}),
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          })
        })
      },
    )
    request.on('error', reject)
    request.end(ask.body)
  })

export const overHttp2: Call = ({ port, ca }, path, ask = {}) =>
  new Promise((resolve, reject) => {
    const session = http2.connect(`https://127.0.0.1:${port}`, {
      ca,
      ...(ask.cert ? { cert: ask.cert.certificatePem, key: ask.cert.keyPem } : {}),
    })
    session.on('error', reject)
    const request = session.request({ ':path': path, ':method': ask.method ?? 'GET', ...ask.headers })
    let answered: { status: number; headers: Answer['headers'] } = { status: 0, headers: {} }
    request.on('response', (headers) => {
      const { ':status': status = 0, ...rest } = headers
      answered = { status, headers: Object.fromEntries(Object.entries(rest).map(([k, v]) => [k, v])) }
    })
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      session.close()
      resolve({ ...answered, body: Buffer.concat(chunks) })
    })
    request.on('error', reject)
    request.end(ask.body)
  })
