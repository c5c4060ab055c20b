import type { Server } from 'node:http'
import type { core, discovery } from '../api/generated/types/index.ts'
import type { Host, Timer } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Lister } from '../client/informer.ts'
import { slicesOfService } from './family-proxy.ts'
import type { HealthState } from './health.ts'
import { close, type ListenAddress, listen } from './status-server.ts'

export interface ServiceHealthOptions {
  /** On this node, one for each address family. */
  readonly hosts: readonly string[]
  readonly nodeName: string
  readonly slices: Lister<discovery.v1.EndpointSlice>
  readonly health: HealthState
  readonly host: Host
  readonly logger: Logger
}

interface Opened {
  readonly port: number
  readonly servers: Promise<readonly Server[]>
}

/** Somebody else may have the port for a while. */
const retryMs = 30_000

/** The port at which load balancers ask a node whether it has endpoints of a Service; undefined where they need not ask. */
export function healthCheckPort({ spec }: core.v1.Service): number | undefined {
  const asks = spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
  const port = spec?.healthCheckNodePort ?? 0
  return asks && port !== 0 ? port : undefined
}

/** Answers at the health check node ports of all Services, as upstream's kube-proxy does. */
export class ServiceHealth {
  readonly #options: ServiceHealthOptions
  readonly #opened = new Map<string, Opened>()
  readonly #retries = new Map<string, Timer>()
  #closing: Promise<unknown> = Promise.resolve()
  #stopped = false

  constructor(options: ServiceHealthOptions) {
    this.#options = options
  }

  /** `service` is absent when it is gone. */
  serviceIs(key: string, service: core.v1.Service | undefined): void {
    const port = service && healthCheckPort(service)
    const opened = this.#opened.get(key)
    this.#retries.get(key)?.cancel()
    this.#retries.delete(key)
    if (this.#stopped || port === opened?.port) return
    if (opened !== undefined) this.#close(key, opened)
    if (port !== undefined) this.#open(key, port)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const retry of this.#retries.values()) retry.cancel()
    for (const [key, opened] of [...this.#opened]) this.#close(key, opened)
    await this.#closing
  }

  #open(key: string, port: number): void {
    const { hosts, host, logger } = this.#options
    // A port that moves from one Service to another is free once the first has closed it.
    const servers = this.#closing.then(async () => {
      const made: Server[] = []
      try {
        for (const each of hosts) made.push(await this.#listen(key, { host: each, port }))
        return made
      } catch (error) {
        await Promise.all(made.map(close))
        throw error
      }
    })
    this.#opened.set(key, { port, servers })
    servers.catch((error: unknown) => {
      logger.error('a health check port cannot be opened', { service: key, port, error })
      if (this.#stopped || this.#opened.get(key)?.servers !== servers) return
      this.#opened.delete(key)
      this.#retries.set(
        key,
        host.schedule(retryMs, () => {
          this.#retries.delete(key)
          this.#open(key, port)
        }),
      )
    })
  }

  #close(key: string, { servers }: Opened): void {
    this.#opened.delete(key)
    const closed = servers.then(
      (all) => Promise.all(all.map(close)),
      () => {},
    )
    this.#closing = Promise.all([this.#closing, closed])
  }

  #listen(key: string, address: ListenAddress): Promise<Server> {
    const [namespace, name] = key.split('/')
    return listen(address, (_, response) => {
      const localEndpoints = this.#localEndpoints(key)
      const serviceProxyHealthy = this.#options.health.read(false).healthy
      response
        .writeHead(localEndpoints > 0 && serviceProxyHealthy ? 200 : 503, {
          'content-type': 'application/json',
          'x-content-type-options': 'nosniff',
          'x-load-balancing-endpoint-weight': String(localEndpoints),
        })
        .end(
          JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy }, null, '\t'),
        )
    })
  }

  /** Ready ones on this node, each address once. */
  #localEndpoints(key: string): number {
    const { slices, nodeName } = this.#options
    const addresses = new Set<string>()
    for (const slice of slices.byIndex(slicesOfService, key)) {
      for (const endpoint of slice.endpoints ?? []) {
        const [address] = endpoint.addresses
        const counts = endpoint.nodeName === nodeName && (endpoint.conditions?.ready ?? true)
        if (counts && address !== undefined) addresses.add(address)
      }
    }
    return addresses.size
  }
}
