import type { Counter, Gauge, Metrics } from '../../base/metrics.ts'

/** Upstream's `node_collector_*` of zones. */
export class ZoneMetrics {
  readonly evictions: Counter
  readonly #size: Gauge
  readonly #health: Gauge
  readonly #unhealthy: Gauge

  constructor(metrics: Metrics) {
    const named = (name: string, help: string) => ({ name: `node_collector_${name}`, help, labels: ['zone'] })
    this.evictions = metrics.counter(
      named(
        'evictions_total',
        'Number of Node evictions that happened since current instance of NodeController started.',
      ),
    )
    this.#size = metrics.gauge(named('zone_size', 'Gauge measuring number of registered Nodes per zones.'))
    this.#health = metrics.gauge(
      named('zone_health', 'Gauge measuring percentage of healthy nodes per zone.'),
    )
    this.#unhealthy = metrics.gauge(
      named('unhealthy_nodes_in_zone', 'Gauge measuring number of not Ready Nodes per zones.'),
    )
  }

  /** A zone without nodes is a healthy one. */
  zone(name: string, ready: number, notReady: number): void {
    const size = ready + notReady
    this.#size.set(size, [name])
    this.#health.set(size === 0 ? 100 : (100 * ready) / size, [name])
    this.#unhealthy.set(notReady, [name])
    if (size > 0) this.evictions.inc([name], 0)
  }
}
