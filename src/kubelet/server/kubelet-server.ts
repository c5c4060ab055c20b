import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { SecureContextOptions, SecureVersion } from 'node:tls'
import type { Host } from '../../base/host.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { KubeletApi } from '../kubelet-api.ts'
import { admitRequest, type KubeletAccess } from './kubelet-access.ts'
import { KubeletRequests, maxHeaderSize } from './kubelet-requests.ts'
import type { KubeletPage } from './kubelet-routes.ts'
import type { NodeLogsOptions } from './node-logs/node-logs-route.ts'

/** PEM. */
export interface KubeletTls {
  readonly key: string
  readonly cert: string
  /** Signs certificates of those who may ask; absent: none counts. */
  readonly clientCa?: string
  readonly minVersion?: SecureVersion
  /** As OpenSSL has them. */
  readonly ciphers?: string
}

export interface KubeletServerOptions {
  readonly api: KubeletApi
  readonly host: Host
  readonly metrics: Metrics
  readonly address: string
  /** 0: any free one. */
  readonly port: number
  readonly tls: KubeletTls
  readonly access: KubeletAccess
  readonly pages?: ReadonlyMap<string, KubeletPage>
  /** The machine's own logs, where they may be read. */
  readonly nodeLogs?: NodeLogsOptions | undefined
}

/** The node agent's HTTPS server: what the API server reaches pods through. */
export class KubeletServer {
  readonly #options: KubeletServerOptions
  readonly #server: Server
  readonly #requests: KubeletRequests
  #secureContext: SecureContextOptions

  constructor(options: KubeletServerOptions) {
    this.#options = options
    const { api, host, metrics, tls, pages = new Map(), nodeLogs } = options
    this.#requests = new KubeletRequests({
      ...{ api, host, metrics, pages, nodeLogs },
      admit: (request) => admitRequest(options.access, request),
    })
    const { clientCa, ...served } = tls
    const clients =
      clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }
    this.#secureContext = { ...served, ...(clientCa === undefined ? {} : { ca: clientCa }) }
    this.#server = createServer({ ...served, ...clients, maxHeaderSize })
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

  /**
   * For connections that come from now on; a certificate comes with its key. Throws for what is none. Clients are
   * asked for theirs where there was an authority from the start.
   */
  replaceTls({ clientCa, ...pair }: Partial<Pick<KubeletTls, 'cert' | 'key' | 'clientCa'>>): void {
    const next = { ...this.#secureContext, ...pair, ...(clientCa === undefined ? {} : { ca: clientCa }) }
    this.#server.setSecureContext(next)
    this.#secureContext = next
  }

  async stop(): Promise<void> {
    this.#requests.close()
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
