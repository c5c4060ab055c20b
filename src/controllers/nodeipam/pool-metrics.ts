import type { Counter, Gauge, Metrics } from '../../base/metrics.ts'
import type { CidrPool } from './cidr-pool.ts'

/** Upstream's `node_ipam_controller_*`, its spelling included. */
export class PoolMetrics {
  readonly allocations: Counter
  readonly releases: Counter

  constructor(metrics: Metrics, pools: readonly CidrPool[]) {
    const named = (name: string, help: string) => ({
      name: `node_ipam_controller_${name}`,
      help,
      labels: ['clusterCIDR'],
    })
    this.allocations = metrics.counter(
      named('cidrset_cidrs_allocations_total', 'Counter measuring total number of CIDR allocations.'),
    )
    this.releases = metrics.counter(
      named('cidrset_cidrs_releases_total', 'Counter measuring total number of CIDR releases.'),
    )
    const most: Gauge = metrics.gauge(
      named('cirdset_max_cidrs', 'Maximum number of CIDRs that can be allocated.'),
    )
    const usage: Gauge = metrics.gauge(
      named('cidrset_usage_cidrs', 'Gauge measuring percentage of allocated CIDRs.'),
    )
    metrics.onCollect(() => {
      for (const pool of pools) {
        most.set(pool.size, [pool.name])
        usage.set(pool.used / pool.size, [pool.name])
      }
    })
  }
}
