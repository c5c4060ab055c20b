import type { Counter, Gauge, Histogram, Metrics } from '../base/metrics.ts'
import type { Key } from './controller.ts'

/** What one service has: endpoints and slices of each set of ports. */
export type SliceCounts = readonly { readonly endpoints: number; readonly slices: number }[]

/** 2, 4, 8 … */
const buckets = Array.from({ length: 15 }, (_, power) => 2 ** (power + 1))

/** The metrics that the controllers of EndpointSlices share, under upstream's names. */
export class SliceMetrics {
  readonly addedPerSync: Histogram
  readonly removedPerSync: Histogram
  readonly changes: Counter
  readonly #maxPerSlice: number
  readonly #leastSlices: number
  readonly #counts = new Map<Key, readonly [endpoints: number, slices: number, desired: number]>()
  readonly #gauges: readonly [Gauge, Gauge, Gauge]

  /** `leastSlices`: that a service has though it has no endpoints. */
  constructor(
    metrics: Metrics,
    options: { subsystem: string; owner: string; maxPerSlice: number; leastSlices: number },
  ) {
    const { subsystem, owner, maxPerSlice, leastSlices } = options
    this.#maxPerSlice = maxPerSlice
    this.#leastSlices = leastSlices
    const named = (name: string, help: string) => ({ name: `${subsystem}_${name}`, help })
    const perSync = (what: string): Histogram =>
      metrics.histogram({
        ...named(`endpoints_${what}_per_sync`, `Number of endpoints ${what} on each ${owner} sync`),
        buckets,
      })
    this.addedPerSync = perSync('added')
    this.removedPerSync = perSync('removed')
    this.changes = metrics.counter({
      ...named('changes', 'Number of EndpointSlice changes'),
      labels: ['operation'],
    })
    this.#gauges = [
      metrics.gauge(named('endpoints_desired', 'Number of endpoints desired')),
      metrics.gauge(named('num_endpoint_slices', 'Number of EndpointSlices')),
      metrics.gauge(
        named(
          'desired_endpoint_slices',
          'Number of EndpointSlices that would exist with perfect endpoint allocation',
        ),
      ),
    ]
  }

  /** A service has these now; none when it is gone. */
  count(key: Key, counts: SliceCounts | undefined): void {
    const before = this.#counts.get(key) ?? [0, 0, 0]
    const now = counts === undefined ? ([0, 0, 0] as const) : this.#sum(counts)
    if (counts === undefined) this.#counts.delete(key)
    else this.#counts.set(key, now)
    for (const [index, gauge] of this.#gauges.entries()) gauge.add((now[index] ?? 0) - (before[index] ?? 0))
  }

  #sum(counts: SliceCounts): readonly [number, number, number] {
    const sum = [0, 0, 0] as [number, number, number]
    for (const { endpoints, slices } of counts) {
      sum[0] += endpoints
      sum[1] += slices
      sum[2] += Math.ceil(endpoints / this.#maxPerSlice)
    }
    sum[2] = Math.max(sum[2], this.#leastSlices)
    return sum
  }
}
