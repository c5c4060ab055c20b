import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { statusError, unauthorized } from '../../apimachinery/status-error.ts'
import type { Host } from '../../base/host.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { KubeletApi } from '../kubelet-api.ts'
import { KubeletRequests } from './kubelet-requests.ts'

export interface KubeletUser {
  readonly name: string
  readonly groups: readonly string[]
}

export interface KubeletServerOptions {
  readonly api: KubeletApi
  readonly host: Host
  readonly metrics: Metrics
  readonly address: string
  /** 0: any free one. */
  readonly port: number
  /** PEM. `clientCa` signs those who may ask. */
  readonly tls: { readonly key: string; readonly cert: string; readonly clientCa: string }
  /** Whether somebody with a good certificate may use the agent's API. */
  readonly authorize: (user: KubeletUser) => Promise<boolean>
}

/** The node agent's HTTPS server: what the API server reaches pods through. */
export class KubeletServer {
  readonly #options: KubeletServerOptions
  readonly #server: Server
  readonly #requests: KubeletRequests

  constructor(options: KubeletServerOptions) {
    this.#options = options
    const { api, host, metrics, tls } = options
    this.#requests = new KubeletRequests({
      api,
      host,
      metrics,
      admit: (request) => this.#admit(request),
    })
    const { key, cert, clientCa } = tls
    this.#server = createServer({ key, cert, ca: clientCa, requestCert: true, rejectUnauthorized: false })
    this.#server.on('request', (request, response) => void this.#requests.serve(request, response))
    this.#server.on('upgrade', (request, socket, head) => void this.#requests.upgrade(request, socket, head))
  }

  /** The port that it listens on. */
  async start(): Promise<number> {
    const { address, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, address, () => resolve())
    })
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    this.#requests.close()
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #admit(request: IncomingMessage): Promise<void> {
    const { socket } = request
    if (!(socket instanceof TLSSocket) || !socket.authorized) throw unauthorized()
    const { subject } = socket.getPeerCertificate()
    const name = [subject.CN].flat()[0] ?? ''
    const groups = [subject.O ?? []].flat()
    if (!(await this.#options.authorize({ name, groups }))) {
      throw statusError('Forbidden', `Forbidden (user=${name}, verb=get, resource=nodes, subresource=proxy)`)
    }
  }
}
