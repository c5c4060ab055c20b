import { exponentialBuckets } from '../../base/exponential-buckets.ts'
import { LabelTree } from '../../base/label-tree.ts'
import type { Counter, CounterSeries, Histogram, HistogramSeries, Metrics } from '../../base/metrics.ts'
import type { GroupVersionResource } from '../admission.ts'
import type { ServerRequest } from '../request.ts'
import { type RequestFamilies, requestFamilies } from './request-families.ts'
import { dryRunLabel, requestLabels } from './request-labels.ts'
import { RouteSeries } from './route-series.ts'

const component = 'apiserver'
const routeDepth = 7

/** What the API server itself calls itself when it asks itself. */
const ownAgent = 'kube-apiserver'

/** Pages that are counted as requests, and as which `subresource`. */
const countedPages: Readonly<Record<string, string>> = {
  '/healthz': '/healthz',
  '/livez': '/livez',
  '/readyz': '/readyz',
  '/openapi/v3': 'openapi/v3',
}

/** Which pages count as requests of the API, by their paths; undefined: none. */
export const countedPage = (path: string): string | undefined =>
  countedPages[path] ?? (path.startsWith('/openapi/v3/') ? 'openapi/v3/' : undefined)

/** What the API server measures of its requests, under upstream's names. */
export class ServerMetrics {
  readonly #families: RequestFamilies
  readonly #routes: LabelTree<RouteSeries>
  readonly watchEvents: Counter
  readonly #watchSizes: Histogram

  constructor(metrics: Metrics) {
    this.#families = requestFamilies(metrics)
    this.#routes = new LabelTree(routeDepth, (values) => new RouteSeries(this.#families, values))
    this.watchEvents = metrics.counter({
      name: 'apiserver_watch_events_total',
      help: 'Number of events sent in watch clients',
      labels: ['group', 'version', 'resource'],
    })
    this.#watchSizes = metrics.histogram({
      name: 'apiserver_watch_events_sizes',
      help: 'Watch event size distribution in bytes',
      labels: ['group', 'version', 'resource'],
      buckets: exponentialBuckets(1024, 2, 8),
    })
  }

  /** Counts events of a kind as they happen; their size is their objects', as JSON. */
  eventsOf({ group, version, resource }: GroupVersionResource): (watches: number, bytes: number) => void {
    const labels = [group, version, resource]
    let events: CounterSeries | undefined
    let sizes: HistogramSeries | undefined
    return (watches, bytes) => {
      events ??= this.watchEvents.with(labels)
      sizes ??= this.#watchSizes.with(labels)
      events.inc(watches)
      sizes.observe(bytes, watches)
    }
  }

  #routeOf(request: ServerRequest): RouteSeries {
    const [verb, group, version, resource, subresource, scope] = requestLabels(request)
    const page = request.info.isResourceRequest ? subresource : (countedPage(subresource) ?? '')
    return this.#routes.get([verb, dryRunLabel(request), group, version, resource, page, scope])
  }

  /** A request that one of the routes had taken has been answered whole. `bytes`: of the answer, where it was bytes. */
  answered(request: ServerRequest, code: number, durationMs: number, bytes?: number): void {
    const { source, latencies } = request
    const othersMs =
      latencies.size === 0
        ? 0
        : (latencies.get('mutating-webhook') ?? 0) +
          (latencies.get('validating-webhook') ?? 0) +
          (latencies.get('apf-queue-wait') ?? 0)
    this.#routeOf(request).answered({
      ...{ code, durationMs, othersMs, bytes },
      bodyBytes: request.bodyBytes,
      bySelf: source.connection.user !== undefined && request.header('user-agent') === ownAgent,
    })
  }

  /** A request has been refused because there are too many; no route has seen it. */
  dropped(request: ServerRequest): void {
    this.#routeOf(request).counted(429)
    this.terminated(request, 429)
  }

  /** The server has given up on a request in its own defence. */
  terminated(request: ServerRequest, code: number): void {
    this.#families.terminations.inc([...requestLabels(request), component, String(code)])
  }

  /** An answer has been broken off in its middle. */
  aborted(request: ServerRequest): void {
    this.#families.aborts.inc(requestLabels(request))
  }

  /** A watch or an upgraded connection has begun; gives what is to be called at its end. */
  longRunning(request: ServerRequest): () => void {
    const gauge = this.#families.longRunning.with([...requestLabels(request), component])
    gauge.add(1)
    return () => gauge.add(-1)
  }

  /** A watch has shown all that there was, `durationMs` after it had been asked for. */
  watchListed(request: ServerRequest, durationMs: number): void {
    const [, group, version, resource, , scope] = requestLabels(request)
    this.#families.watchLists.observe(durationMs / 1000, [group, version, resource, scope])
  }
}
