import type { core } from '../../api/generated/types/index.ts'
import type { Counter, Gauge, Histogram, Metrics } from '../../base/metrics.ts'
import type { Key } from '../../reconcile/controller.ts'
import { SliceMetrics } from '../../reconcile/slice-metrics.ts'
import { isTopologyAware, trafficDistributionOf } from './traffic-distribution.ts'

const subsystem = 'endpoint_slice_controller'

/** Upstream's `endpoint_slice_controller_*`. */
export class SliceControllerMetrics extends SliceMetrics {
  readonly syncs: Counter
  readonly #changedPerSync: Histogram
  readonly #byTraffic: Gauge
  readonly #traffic = new Map<Key, string>()

  constructor(metrics: Metrics, maxPerSlice: number) {
    super(metrics, { subsystem, owner: 'Service', maxPerSlice, leastSlices: 1 })
    this.syncs = metrics.counter({
      name: `${subsystem}_syncs`,
      help: 'Number of EndpointSlice syncs',
      labels: ['result'],
    })
    this.#changedPerSync = metrics.histogram({
      name: `${subsystem}_endpointslices_changed_per_sync`,
      help: 'Number of EndpointSlices changed on each Service sync',
      labels: ['topology', 'traffic_distribution'],
    })
    this.#byTraffic = metrics.gauge({
      name: `${subsystem}_services_count_by_traffic_distribution`,
      help: 'Number of Services using some specific trafficDistribution',
      labels: ['traffic_distribution'],
    })
  }

  changed(service: core.v1.Service, slices: number): void {
    const topology = isTopologyAware(service) ? 'Auto' : 'Disabled'
    this.#changedPerSync.observe(slices, [topology, trafficDistributionOf(service) ?? ''])
  }

  /** What a service says of where its traffic is to stay; undefined: nothing, or it is gone. */
  traffic(key: Key, distribution: string | undefined): void {
    const before = this.#traffic.get(key)
    if (before === distribution) return
    if (before !== undefined) this.#byTraffic.add(-1, [before])
    if (distribution === undefined) this.#traffic.delete(key)
    else {
      this.#traffic.set(key, distribution)
      this.#byTraffic.add(1, [distribution])
    }
  }
}
