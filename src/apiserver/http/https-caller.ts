import { request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { Metrics } from '../../base/metrics.ts'
import type { OutsideAnswer, OutsideCaller, OutsideRequest, OutsideTrust } from '../outside/outside-caller.ts'
import { inGoWords } from './go-errors.ts'
import { CertificateFlaws, checkServerName } from './server-certificates.ts'

/** For keep-alive. */
const maxIdleSockets = 8
/** Of an answer. */
const maxAnswerBytes = 8 * 2 ** 20

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of message) {
    length += chunk.length
    if (length > maxAnswerBytes) throw new Error(`the answer is larger than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function answerOf(message: IncomingMessage): Promise<OutsideAnswer> {
  return {
    status: message.statusCode ?? 502,
    header: (name) => [message.headers[name]].flat()[0],
    text: await textOf(message),
  }
}

/** Asks servers outside of the cluster over HTTPS, or HTTP where a URL says so. */
export class HttpsCaller implements OutsideCaller {
  readonly #trust: OutsideTrust
  readonly #agent: Agent
  readonly #flaws: CertificateFlaws | undefined

  /** `metrics`: where it is counted whose certificates are out of date, for webhooks. */
  constructor(trust: OutsideTrust, metrics?: Metrics) {
    this.#trust = trust
    this.#flaws = metrics && new CertificateFlaws(metrics, 'webhooks')
    const { certificateAuthority: ca, clientCertificate, clientKey, tlsServerName } = trust
    this.#agent = new Agent({
      keepAlive: true,
      maxFreeSockets: maxIdleSockets,
      rejectUnauthorized: trust.insecureSkipTlsVerify !== true,
      checkServerIdentity: checkServerName,
      // As in Go, whatever certificate is given is trusted, whether it is an authority's or the server's own.
      ...(ca === undefined ? {} : { ca, allowPartialTrustChain: true }),
      ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
      ...(clientKey === undefined ? {} : { key: clientKey }),
      ...(tlsServerName === undefined ? {} : { servername: isIP(tlsServerName) === 0 ? tlsServerName : '' }),
    })
  }

  #headers({ body, bearerToken }: OutsideRequest): Record<string, string> {
    const { token } = this.#trust
    const shown = bearerToken ?? (typeof token === 'function' ? token() : token)
    return {
      accept: 'application/json, */*',
      ...(shown === undefined ? {} : { authorization: `Bearer ${shown}` }),
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    }
  }

  call(request: OutsideRequest): Promise<OutsideAnswer> {
    const { method, url, body, signal } = request
    const { protocol, hostname, port } = new URL(url)
    const options = { method, headers: this.#headers(request), signal }
    return new Promise((resolve, reject) => {
      const isPlain = protocol === 'http:'
      const call = isPlain ? httpRequest(url, options) : httpsRequest(url, { ...options, agent: this.#agent })
      call.on('response', (message) => {
        this.#flaws?.answered(message.socket)
        answerOf(message).then(resolve, reject)
      })
      const fallback = isPlain ? 80 : 443
      call.on('error', (error) => {
        this.#flaws?.failed(error)
        reject(inGoWords(error, { host: hostname, port: port === '' ? fallback : Number(port) }))
      })
      call.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
