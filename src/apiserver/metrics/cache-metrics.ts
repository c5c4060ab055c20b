import type { Counter, Gauge, Metrics } from '../../base/metrics.ts'
import type { Mirror } from '../cache/mirror.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'

type Read = (cache: ResourceCache, mirror: Mirror) => number
type Row = readonly [name: string, help: string, read: Read]

const perResource = ['group', 'resource']

const gaugeRows: readonly Row[] = [
  [
    'apiserver_resource_objects',
    'Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.',
    (cache) => cache.size,
  ],
  [
    'apiserver_resource_size_estimate_bytes',
    'Estimated size of stored objects in database. Estimate is based on sum of last observed sizes of serialized objects. In case of a fetching error, the value will be -1.',
    (cache) => cache.bytes,
  ],
  [
    'apiserver_watch_cache_resource_version',
    'Current resource version of watch cache broken by resource type. This is truncated to the 15 least significant digits.',
    (_, mirror) => mirror.revision % 1e15,
  ],
  [
    'watch_cache_capacity',
    'Total capacity of watch cache broken by resource type.',
    ({ limits }) => limits.maxEvents,
  ],
]

const counterRows: readonly Row[] = [
  [
    'apiserver_storage_events_received_total',
    'Number of etcd events received split by kind.',
    ({ figures }) => figures.received,
  ],
  [
    'apiserver_watch_cache_events_received_total',
    'Counter of events received in watch cache broken by resource type.',
    ({ figures }) => figures.dispatched,
  ],
  [
    'apiserver_watch_cache_events_dispatched_total',
    'Counter of events dispatched in watch cache broken by resource type.',
    ({ figures }) => figures.dispatched,
  ],
  [
    'apiserver_watch_cache_initializations_total',
    'Counter of watch cache initializations broken by resource type.',
    ({ figures }) => figures.loads,
  ],
  [
    'apiserver_init_events_total',
    'Counter of init events processed in watch cache broken by resource type.',
    ({ figures }) => figures.initEvents,
  ],
  [
    'apiserver_terminated_watchers_total',
    'Counter of watchers closed due to unresponsiveness broken by resource type.',
    ({ figures }) => figures.terminated,
  ],
  [
    'apiserver_storage_decode_errors_total',
    'Number of stored object decode errors split by object type',
    ({ figures }) => figures.unreadable,
  ],
  [
    'apiserver_storage_list_total',
    'Number of LIST requests served from storage',
    ({ figures }) => figures.stored.lists,
  ],
  [
    'apiserver_storage_list_fetched_objects_total',
    'Number of objects read from storage in the course of serving a LIST request',
    ({ figures }) => figures.stored.fetched,
  ],
  [
    'apiserver_storage_list_evaluated_objects_total',
    'Number of objects tested in the course of serving a LIST request from storage',
    ({ figures }) => figures.stored.fetched,
  ],
  [
    'apiserver_storage_list_returned_objects_total',
    'Number of objects returned for a LIST request from storage',
    ({ figures }) => figures.stored.returned,
  ],
]

/** Lists from a cache, by how they found their objects. */
class ListCounters {
  readonly #lists: Counter
  readonly #fetched: Counter
  readonly #returned: Counter
  readonly #consistent: Counter

  constructor(metrics: Metrics) {
    const counter = (name: string, help: string, labels: readonly string[]): Counter =>
      metrics.counter({ name: `apiserver_${name}`, help, labels })
    const byIndex = [...perResource, 'index']
    this.#lists = counter('cache_list_total', 'Number of LIST requests served from watch cache', byIndex)
    this.#fetched = counter(
      'cache_list_fetched_objects_total',
      'Number of objects read from watch cache in the course of serving a LIST request',
      byIndex,
    )
    this.#returned = counter(
      'cache_list_returned_objects_total',
      'Number of objects returned for a LIST request from watch cache',
      perResource,
    )
    this.#consistent = counter(
      'watch_cache_consistent_read_total',
      'Counter for consistent reads from cache.',
      [...perResource, 'success', 'fallback'],
    )
  }

  clear(): void {
    for (const counter of [this.#lists, this.#fetched, this.#returned, this.#consistent]) counter.clear()
  }

  show({ kind: { group, resource }, figures }: ResourceCache): void {
    for (const [index, { lists, fetched, returned }] of figures.listed) {
      this.#lists.inc([group, resource, index], lists)
      this.#fetched.inc([group, resource, index], fetched)
      this.#returned.inc([group, resource], returned)
    }
    // Nothing falls back to the store: a read that cannot be made fresh fails.
    if (figures.consistentReads > 0)
      this.#consistent.inc([group, resource, 'true', 'false'], figures.consistentReads)
  }
}

/** Shows what the caches have done, whenever somebody asks. What a cache has done that is gone is forgotten. */
export function showCaches(metrics: Metrics, mirror: Mirror): void {
  const gauges = gaugeRows.map(
    ([name, help, read]) => [metrics.gauge({ name, help, labels: perResource }), read] as const,
  )
  const counters = counterRows.map(
    ([name, help, read]) => [metrics.counter({ name, help, labels: perResource }), read] as const,
  )
  const objects: Gauge = metrics.gauge({
    name: 'apiserver_storage_objects',
    help: '[DEPRECATED, consider using apiserver_resource_objects instead] Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.',
    labels: ['resource'],
  })
  const lists = new ListCounters(metrics)
  metrics.onCollect(() => {
    for (const [gauge] of gauges) gauge.clear()
    for (const [counter] of counters) counter.clear()
    objects.clear()
    lists.clear()
    for (const cache of mirror.caches()) {
      const { group, resource } = cache.kind
      for (const [gauge, read] of gauges) gauge.set(read(cache, mirror), [group, resource])
      for (const [counter, read] of counters) {
        const count = read(cache, mirror)
        if (count > 0) counter.inc([group, resource], count)
      }
      objects.set(cache.size, [group === '' ? resource : `${resource}.${group}`])
      lists.show(cache)
    }
  })
}
