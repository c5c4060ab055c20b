import { ProgramError, type RunProgram } from '../base/host/run-program.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import { endpointText, forgetStaleFlows, type UdpFrontend } from './conntrack.ts'
import type { Endpoint } from './endpoint.ts'
import type { IpFamily } from './ip-family.ts'
import type { ProxyMetrics } from './proxy-metrics.ts'
import type { ServicePort } from './service-port.ts'

export interface ConntrackCleanerOptions {
  readonly family: IpFamily
  readonly host: Host
  readonly logger: Logger
  readonly metrics: ProxyMetrics
  readonly run: RunProgram
}

/** Knows the UDP Services, and forgets their stale flows after their endpoints have changed. */
export class ConntrackCleaner {
  readonly #options: ConntrackCleanerOptions
  readonly #frontends = new Map<string, readonly UdpFrontend[]>()
  #needed = false
  #running = false
  #missing = false

  constructor(options: ConntrackCleanerOptions) {
    this.#options = options
  }

  set(owner: string, port: ServicePort, endpoints: readonly Endpoint[]): void {
    if (port.protocol !== 'udp') return
    const serving = new Set(
      endpoints
        .filter((endpoint) => endpoint.serving)
        .map((endpoint) => endpointText(endpoint.ip, endpoint.port)),
    )
    const known = this.#frontends.get(owner)?.[0]?.endpoints
    // Also for a first endpoint: a flow may have been let through to nowhere before there was one.
    if (known === undefined ? serving.size > 0 : known.symmetricDifference(serving).size > 0) {
      this.#needed = true
    }
    const ips = [port.clusterIp, ...port.externalIps, ...port.loadBalancerIps]
    const frontends = ips.map((ip): UdpFrontend => ({ ip, port: port.port, endpoints: serving }))
    const onNode = port.nodePort === 0 ? [] : [{ ip: undefined, port: port.nodePort, endpoints: serving }]
    this.#frontends.set(owner, [...frontends, ...onNode])
  }

  remove(owner: string): void {
    this.#frontends.delete(owner)
  }

  /** In the background; what happens meanwhile is cleaned by the next round. */
  cleanIfNeeded(): void {
    if (!this.#needed || this.#running || this.#missing) return
    this.#needed = false
    this.#running = true
    void this.#options.host.track(this.#clean()).finally(() => {
      this.#running = false
      this.cleanIfNeeded()
    })
  }

  async #clean(): Promise<void> {
    const { family, host, logger, metrics, run } = this.#options
    const startMs = host.monotonicMs()
    try {
      const deleted = await forgetStaleFlows(family, [...this.#frontends.values()].flat(), run)
      metrics.conntrackDeleted.inc([family], deleted)
    } catch (error) {
      this.#missing = error instanceof ProgramError && error.missing
      logger.warn(
        this.#missing
          ? 'there is no program conntrack: clients of UDP Services keep talking to vanished endpoints until they rest'
          : 'stale flows of UDP Services could not be forgotten',
        { family, error },
      )
    }
    metrics.conntrackSeconds.observe((host.monotonicMs() - startMs) / 1000, [family])
  }
}
