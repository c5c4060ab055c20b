import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Metrics } from '../../base/metrics.ts'
import type {
  BackendAddress,
  BackendConnector,
  BackendHeaders,
  BackendRequest,
  BackendResponse,
  ServiceTrust,
  UpgradeOutcome,
} from '../connect/backend.ts'
import type { CertificateFlaw } from '../connect/certificate-flaw.ts'
import { inGoWords } from './go-errors.ts'
import { CertificateFlaws, checkServerName } from './server-certificates.ts'
import { TurnBatcher } from './turn-batcher.ts'
import { WritableSink } from './writable-sink.ts'

export interface BackendConnectorOptions {
  /** What the server shows to kubelets, PEM; absent: nothing. */
  readonly certificatePem?: string
  readonly keyPem?: string
  /** PEM of the authority of kubelets' certificates; absent: they are not verified. */
  readonly kubeletAuthorityPem?: string | undefined
  /** What it shows to other API servers when it passes on who asks; absent: nothing. */
  readonly frontProxy?: { readonly certificatePem: string; readonly keyPem: string } | undefined
  /** Where it is counted whose certificates are out of date. */
  readonly metrics?: Metrics
  /** The way to backends that are no sockets, plain HTTP/1.1; absent, or undefined as its answer: by TCP. Throws where nothing listens. */
  readonly dial?: ((address: BackendAddress) => Duplex | undefined) | undefined
}

/** What a server shows of itself to others. */
export type ShownCertificates = Pick<BackendConnectorOptions, 'certificatePem' | 'keyPem' | 'frontProxy'>

/** Of the connection's establishment. */
const connectTimeoutMs = 30_000
/** For HTTP keep-alive to kubelets. */
const maxIdleSockets = 8
/** Servers of extensions whose connections are kept. */
const maxServiceAgents = 64

const headersOf = ({ rawHeaders }: IncomingMessage): BackendHeaders => {
  const headers: [string, string][] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? ''])
  }
  return headers
}

const responseOf = (message: IncomingMessage): BackendResponse => ({
  status: message.statusCode ?? 502,
  headers: headersOf(message),
  body: message,
})

async function* streamOf(socket: Duplex, head: Uint8Array): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head
  yield* socket.iterator({ destroyOnReturn: false })
}

function headerRecord(headers: BackendHeaders): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {}
  for (const [name, value] of headers) {
    const known = record[name]
    record[name] = known === undefined ? value : [known, value].flat()
  }
  return record
}

const isReset = ({ code }: NodeJS.ErrnoException): boolean => code === 'ECONNRESET' || code === 'EPIPE'

/** What comes after the connection's establishment may take its time. */
function timeEstablishment(call: ClientRequest, { scheme, host, port }: BackendAddress): void {
  call.on('timeout', () => call.destroy(new Error(`dial tcp ${host}:${port}: i/o timeout`)))
  call.on('socket', (socket) => {
    if (call.reusedSocket) socket.setTimeout(0)
    else socket.once(scheme === 'https' ? 'secureConnect' : 'connect', () => socket.setTimeout(0))
  })
}

/** What it does at this time goes on; nothing is kept for later. */
function retire(agent: Agent): void {
  agent.maxFreeSockets = 0
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy()
}

/** By what they trust; all show the server's own certificate, or none. */
type OwnAgents = Readonly<Record<Exclude<BackendAddress['trust'], ServiceTrust>, Agent>>

/** Talks to kubelets with the server's own certificate, and to pods with none. */
export class NodeBackendConnector implements BackendConnector {
  readonly #kubeletAuthority: string | undefined
  #agents: OwnAgents
  /** By what they trust and show. The least recently used goes first. */
  readonly #serviceAgents = new Map<string, Agent>()
  #frontProxy: BackendConnectorOptions['frontProxy']
  readonly #batcher = new TurnBatcher()
  readonly #dial: BackendConnectorOptions['dial']
  readonly #flaws: Readonly<Record<'webhooks' | 'kube_aggregator', CertificateFlaws>> | undefined

  constructor(options: BackendConnectorOptions) {
    const { kubeletAuthorityPem, frontProxy, dial, metrics } = options
    this.#flaws = metrics && {
      webhooks: new CertificateFlaws(metrics, 'webhooks'),
      kube_aggregator: new CertificateFlaws(metrics, 'kube_aggregator'),
    }
    this.#dial = dial
    this.#frontProxy = frontProxy
    this.#kubeletAuthority = kubeletAuthorityPem
    this.#agents = this.#agentsWith(options)
  }

  #agentsWith({ certificatePem, keyPem }: ShownCertificates): OwnAgents {
    const kubeletAuthorityPem = this.#kubeletAuthority
    const common = { keepAlive: true, maxFreeSockets: maxIdleSockets }
    const own = { ...common, cert: certificatePem, key: keyPem }
    return {
      kubelet: new Agent({
        ...own,
        ca: kubeletAuthorityPem,
        checkServerIdentity: checkServerName,
        rejectUnauthorized: kubeletAuthorityPem !== undefined,
      }),
      'kubelet-unverified': new Agent({ ...own, rejectUnauthorized: false }),
      none: new Agent({ ...common, rejectUnauthorized: false }),
    }
  }

  /** For connections that come from now on; what is under way goes on. */
  show({ frontProxy, ...kubelet }: ShownCertificates): void {
    const before = [...Object.values(this.#agents), ...this.#serviceAgents.values()]
    this.#frontProxy = frontProxy
    this.#agents = this.#agentsWith(kubelet)
    this.#serviceAgents.clear()
    for (const agent of before) retire(agent)
  }

  #send(request: BackendRequest): ClientRequest {
    const { address, method, target, headers, signal } = request
    const options: RequestOptions = {
      host: address.host,
      port: address.port,
      method,
      path: target,
      headers: headerRecord(headers),
      signal,
      timeout: connectTimeoutMs,
      // Pods' servers may end lines without a carriage return: Go's parser lets them.
      insecureHTTPParser: address.trust === 'none',
    }
    const call = this.#open(options, address)
    return call
  }

  #open(options: RequestOptions, address: BackendAddress): ClientRequest {
    const connection = this.#dial?.(address)
    if (connection !== undefined) {
      return httpRequest({ ...options, timeout: undefined, createConnection: () => connection })
    }
    const call =
      address.scheme === 'https'
        ? httpsRequest({ ...options, agent: this.#agentFor(address.trust) })
        : httpRequest(options)
    call.on('socket', (socket) => socket.setNoDelay(true))
    timeEstablishment(call, address)
    return call
  }

  #agentFor(trust: BackendAddress['trust']): Agent {
    if (typeof trust === 'string') return this.#agents[trust]
    const key = JSON.stringify(trust)
    const agent = this.#serviceAgents.get(key) ?? this.#serviceAgent(trust)
    this.#serviceAgents.delete(key)
    this.#serviceAgents.set(key, agent)
    const [oldest] = this.#serviceAgents
    if (oldest !== undefined && this.#serviceAgents.size > maxServiceAgents) {
      retire(oldest[1])
      this.#serviceAgents.delete(oldest[0])
    }
    return agent
  }

  #serviceAgent({ serverName, authorityPem, verify, client }: ServiceTrust): Agent {
    const own = client === 'none' ? undefined : client
    const shown = own === 'front-proxy' ? this.#frontProxy : own
    return new Agent({
      keepAlive: true,
      maxFreeSockets: maxIdleSockets,
      // An address is no name that TLS may send; the certificate is held against the host all the same.
      servername: isIP(serverName) === 0 ? serverName : '',
      rejectUnauthorized: verify,
      checkServerIdentity: checkServerName,
      // As in Go, whatever certificate is given is trusted, whether it is an authority's or the server's own.
      ...(authorityPem === undefined ? {} : { ca: authorityPem, allowPartialTrustChain: true }),
      ...(shown === undefined ? {} : { cert: shown.certificatePem, key: shown.keyPem }),
    })
  }

  #flawsFor({ trust }: BackendAddress): CertificateFlaws | undefined {
    if (typeof trust === 'string') return undefined
    return this.#flaws?.[trust.client === 'front-proxy' ? 'kube_aggregator' : 'webhooks']
  }

  request(request: BackendRequest): Promise<BackendResponse> {
    const flaws = this.#flawsFor(request.address)
    const tell = (found: readonly CertificateFlaw[] = []): void => {
      for (const flaw of found) request.flawed?.(flaw)
    }
    return new Promise((resolve, reject) => {
      const call = this.#send(request)
      let isAnswered = false
      call.on('response', (message) => {
        isAnswered = true
        tell(flaws?.answered(message.socket))
        resolve(responseOf(message))
      })
      call.on('error', (error) => {
        // Whoever reads the answer is told where that breaks off.
        if (isAnswered) return
        // The server had closed a connection that it had kept: nothing of this request has reached it.
        if (call.reusedSocket && isReset(error)) this.request(request).then(resolve, reject)
        else {
          tell(flaws?.failed(error))
          reject(inGoWords(error, request.address))
        }
      })
      call.end(request.body)
    })
  }

  upgrade(request: BackendRequest): Promise<UpgradeOutcome> {
    return new Promise((resolve, reject) => {
      const call = this.#send(request)
      call.on('response', (message) => resolve({ type: 'refused', response: responseOf(message) }))
      call.on('upgrade', (message, socket, head) => {
        socket.on('error', () => socket.destroy())
        const destroy = (): void => {
          socket.destroy()
        }
        resolve({
          type: 'upgraded',
          headers: headersOf(message),
          stream: {
            readable: streamOf(socket, head),
            sink: new WritableSink({ target: socket, batcher: this.#batcher, destroy }),
          },
        })
      })
      call.on('error', (error) => reject(inGoWords(error, request.address)))
      call.end()
    })
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy()
    for (const agent of this.#serviceAgents.values()) agent.destroy()
  }
}
