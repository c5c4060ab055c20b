import { type RequestOptions, request } from 'node:https'

/** One request, as an adversary sends it: nothing is tidied. */
export interface Attempt {
  /** Sent as it is, dots and slashes included. */
  readonly path: string
  readonly method?: string
  /** Several of one name are several headers. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly token?: string
  readonly certificate?: { readonly certificatePem: string; readonly keyPem: string }
  readonly body?: unknown
  readonly contentType?: string
}

export interface Answer {
  readonly status: number
  readonly text: string
}

/** Sends it; a broken connection is status 0. */
export function send(server: string, certificateAuthority: string, attempt: Attempt): Promise<Answer> {
  const { path, method, headers = {}, token, certificate, body, contentType } = attempt
  const { hostname, port } = new URL(server)
  const text =
    body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  const options: RequestOptions = {
    ...{ hostname, port, path, ca: certificateAuthority, agent: false },
    method: method ?? (text === undefined ? 'GET' : 'POST'),
    headers: {
      ...(text === undefined
        ? {}
        : { 'content-type': contentType ?? 'application/json', 'content-length': Buffer.byteLength(text) }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [
          name,
          typeof value === 'string' ? value : [...value],
        ]),
      ),
    },
    ...(certificate === undefined ? {} : { cert: certificate.certificatePem, key: certificate.keyPem }),
  }
  return new Promise((resolve) => {
    const call = request(options, (response) => {
      let got = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        got += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: got }))
      // A watch that was let through never ends by itself.
      if (response.statusCode === 200 && path.includes('watch')) {
        resolve({ status: 200, text: got })
        call.destroy()
      }
    })
    call.on('error', (error) => resolve({ status: 0, text: error.message }))
    call.end(text)
  })
}
