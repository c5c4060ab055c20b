import type { Host } from '../../base/host.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { AddressPool } from './address-pool.ts'
import { AllocationError } from './allocation-error.ts'
import type { PortPool } from './port-pool.ts'

const ips = 'kube_apiserver_clusterip_allocator_'
const ports = 'kube_apiserver_nodeport_allocator_'
/** Somebody asked for a certain one, or took any. */
const scopeOf = (isCertain: boolean): string => (isCertain ? 'static' : 'dynamic')

/** What of addresses and ports is taken, and how often, under upstream's names. */
export class AllocationMetrics {
  readonly #host: Host
  readonly #ips
  readonly #ipErrors
  readonly #seconds
  readonly #ports
  readonly #portErrors

  constructor(host: Host, metrics: Metrics, pools: () => Iterable<AddressPool>, portPool: PortPool) {
    const cidr = ['cidr']
    const scoped = ['cidr', 'scope']
    this.#host = host
    this.#ips = metrics.counter({
      name: `${ips}allocation_total`,
      help: 'Number of Cluster IPs allocations',
      labels: scoped,
    })
    this.#ipErrors = metrics.counter({
      name: `${ips}allocation_errors_total`,
      help: 'Number of errors trying to allocate Cluster IPs',
      labels: scoped,
    })
    this.#seconds = metrics.histogram({
      name: `${ips}allocation_duration_seconds`,
      help: 'Duration in seconds to allocate a Cluster IP by ServiceCIDR',
      labels: cidr,
    })
    this.#ports = metrics.counter({
      name: `${ports}allocation_total`,
      help: 'Number of NodePort allocations',
      labels: ['scope'],
    })
    this.#portErrors = metrics.counter({
      name: `${ports}allocation_errors_total`,
      help: 'Number of errors trying to allocate NodePort',
      labels: ['scope'],
    })
    const gauge = (name: string, help: string, labels: readonly string[] = []) =>
      metrics.gauge({ name, help, labels })
    const takenIps = gauge(
      `${ips}allocated_ips`,
      'Gauge measuring the number of allocated IPs for Services',
      cidr,
    )
    const freeIps = gauge(
      `${ips}available_ips`,
      'Gauge measuring the number of available IPs for Services',
      cidr,
    )
    const takenPorts = gauge(
      `${ports}allocated_ports`,
      'Gauge measuring the number of allocated NodePorts for Services',
    )
    const freePorts = gauge(
      `${ports}available_ports`,
      'Gauge measuring the number of available NodePorts for Services',
    )
    metrics.onCollect(() => {
      takenIps.clear()
      freeIps.clear()
      for (const pool of pools()) {
        takenIps.set(pool.claims.size, [pool.cidr])
        freeIps.set(pool.size - pool.claims.size, [pool.cidr])
      }
      takenPorts.set(portPool.claims.size)
      freePorts.set(portPool.size - portPool.claims.size)
    })
  }

  /** Takes an address; `wanted` says from which range, where none can be had. */
  address<T extends { readonly pool: AddressPool }>(
    take: () => T,
    isCertain: boolean,
    wanted: () => string,
  ): T {
    const startedMs = this.#host.monotonicMs()
    try {
      const taken = take()
      this.#ips.inc([taken.pool.cidr, scopeOf(isCertain)])
      this.#seconds.observe((this.#host.monotonicMs() - startedMs) / 1000, [taken.pool.cidr])
      return taken
    } catch (error) {
      if (error instanceof AllocationError) this.#ipErrors.inc([wanted(), scopeOf(isCertain)])
      throw error
    }
  }

  port<T>(take: () => T, isCertain: boolean): T {
    try {
      const taken = take()
      this.#ports.inc([scopeOf(isCertain)])
      return taken
    } catch (error) {
      if (error instanceof AllocationError) this.#portErrors.inc([scopeOf(isCertain)])
      throw error
    }
  }
}
