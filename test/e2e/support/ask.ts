import type { IncomingHttpHeaders } from 'node:http'
import { get, type RequestOptions, request } from 'node:https'

/** A GET on this machine, whatever certificate is shown: status and body. */
export function ask(
  port: number,
  path: string,
  token?: string,
  more: RequestOptions = {},
): Promise<readonly [number, string]> {
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const options = { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false }
  return new Promise((resolve, reject) => {
    get({ ...options, ...more, headers: { ...bearer, ...more.headers } }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk
      })
      response.on('end', () => resolve([response.statusCode ?? 0, text]))
    }).on('error', reject)
  })
}

/** Only the head of what a GET on this machine gives: status and headers. */
export function askHead(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<readonly [number, IncomingHttpHeaders]> {
  const options = { host: '127.0.0.1', port, path, headers, rejectUnauthorized: false, agent: false }
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      response.resume()
      resolve([response.statusCode ?? 0, response.headers])
    })
      .on('error', reject)
      .end()
  })
}
