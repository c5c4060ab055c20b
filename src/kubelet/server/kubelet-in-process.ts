import { createServer, type Server } from 'node:http'
import { type Duplex, duplexPair } from 'node:stream'
import type { Host } from '../../base/host.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { KubeletApi } from '../kubelet-api.ts'
import { KubeletRequests, maxHeaderSize } from './kubelet-requests.ts'

export interface KubeletInProcessOptions {
  readonly api: KubeletApi
  readonly host: Host
  readonly metrics: Metrics
}

/**
 * An agent's HTTP side for the API server of the same process: the same paths as those of `KubeletServer`, over
 * connections that never leave memory. Who holds one may ask everything.
 */
export class KubeletInProcess {
  readonly #server: Server
  readonly #requests: KubeletRequests
  readonly #connections = new Set<Duplex>()

  constructor(options: KubeletInProcessOptions) {
    this.#requests = new KubeletRequests({ ...options, admit: async () => {} })
    this.#server = createServer(
      { maxHeaderSize },
      (request, response) => void this.#requests.serve(request, response),
    )
    this.#server.on('upgrade', (request, socket, head) => void this.#requests.upgrade(request, socket, head))
  }

  /** A new connection: the client's end of it, for plain HTTP/1.1. */
  connect(): Duplex {
    const [client, server] = duplexPair()
    this.#connections.add(server)
    server.once('close', () => this.#connections.delete(server))
    // Either end takes the other with it, as a socket's would.
    client.once('close', () => server.destroy())
    server.once('close', () => client.destroy())
    this.#server.emit('connection', server)
    return client
  }

  close(): void {
    this.#requests.close()
    for (const connection of this.#connections) connection.destroy()
  }
}
