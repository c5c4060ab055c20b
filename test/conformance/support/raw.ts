import { type RequestOptions, request } from 'node:https'
import type { KubeconfigContext } from '../../../src/client/https/kubeconfig.ts'

export interface RawAnswer {
  readonly status: number
  readonly contentType: string
  readonly location: string
  readonly text: string
}

export interface RawRequest {
  readonly method?: string
  readonly accept?: string
  /** Sent as it is; with one the method is POST unless said otherwise. */
  readonly body?: string
  readonly contentType?: string
  /** Whose bearer token to show, instead of the administrator's certificate. */
  readonly token?: string
}

/** The administrator's. */
export const credentialsOf = (to: KubeconfigContext) => ({
  ca: to.certificateAuthority,
  cert: to.clientCertificate,
  key: to.clientKey,
})

/** An answer as it came, whatever its code. */
export function rawRequest(to: KubeconfigContext, path: string, of: RawRequest = {}): Promise<RawAnswer> {
  const options: RequestOptions = {
    method: of.method ?? (of.body === undefined ? 'GET' : 'POST'),
    headers: {
      accept: of.accept ?? '*/*',
      ...(of.body === undefined ? {} : { 'content-type': of.contentType ?? 'application/json' }),
      ...(of.token === undefined ? {} : { authorization: `Bearer ${of.token}` }),
    },
    ...(of.token === undefined ? credentialsOf(to) : { ca: to.certificateAuthority }),
    agent: false,
  }
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, to.server), options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          contentType: response.headers['content-type'] ?? '',
          location: response.headers.location ?? '',
          text,
        }),
      )
    })
    call.on('error', reject)
    call.end(of.body)
  })
}
