import type { Counter, Gauge, Histogram, Metrics } from '../base/metrics.ts'
import type { ServerRequest } from './request.ts'

/** Upstream's (apiserver/pkg/endpoints/metrics). */
const durationBuckets = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
]

const requestLabels = ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component']
const longRunningLabels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component']

const component = 'apiserver'

/** What a request is about, as upstream's labels say it. */
interface About {
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly scope: string
}

const scopes: Readonly<Record<string, true>> = {
  list: true,
  watch: true,
  create: true,
  deletecollection: true,
}

function aboutOf({ info, method }: ServerRequest): About {
  const { verb, group, version, resource, subresource } = info
  if (!info.isResourceRequest)
    return { verb: method, group: '', version: '', resource: '', subresource: info.path, scope: '' }
  const collection = scopes[verb] === true && info.name === ''
  const scope = !collection ? 'resource' : info.namespace === '' ? 'cluster' : 'namespace'
  return { verb: verbLabels[verb] ?? verb.toUpperCase(), group, version, resource, subresource, scope }
}

const codeTexts: readonly string[] = Array.from({ length: 600 }, (_, code) => String(code))
/** A text that lives on has its hash. */
const codeText = (code: number): string => codeTexts[code] ?? String(code)

const verbLabels: Readonly<Record<string, string>> = {
  create: 'POST',
  update: 'PUT',
}

/** What the API server measures, under upstream's names. */
export class ServerMetrics {
  readonly #requests: Counter
  readonly #durations: Histogram
  readonly #inflight: Gauge
  readonly #longRunning: Gauge
  readonly #responseSizes: Histogram
  readonly #terminations: Counter
  readonly watchEvents: Counter
  /** By group and resource. */
  readonly storageObjects: Gauge

  constructor(metrics: Metrics) {
    this.#requests = metrics.counter({
      name: 'apiserver_request_total',
      help: 'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
      labels: [...requestLabels, 'code'],
    })
    this.#durations = metrics.histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
      labels: requestLabels,
      buckets: durationBuckets,
    })
    this.#inflight = metrics.gauge({
      name: 'apiserver_current_inflight_requests',
      help: 'Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
      labels: ['request_kind'],
    })
    this.#longRunning = metrics.gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.',
      labels: longRunningLabels,
    })
    this.#responseSizes = metrics.histogram({
      name: 'apiserver_response_sizes',
      help: 'Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.',
      labels: longRunningLabels,
      buckets: [1000, 10_000, 100_000, 1e6, 1e7, 1e8, 1e9],
    })
    this.#terminations = metrics.counter({
      name: 'apiserver_request_terminations_total',
      help: 'Number of requests which apiserver terminated in self-defense.',
      labels: ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component', 'code'],
    })
    this.watchEvents = metrics.counter({
      name: 'apiserver_watch_events_total',
      help: 'Number of events sent in watch clients',
      labels: ['group', 'version', 'resource'],
    })
    this.storageObjects = metrics.gauge({
      name: 'apiserver_storage_objects',
      help: 'Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.',
      labels: ['resource'],
    })
  }

  /** A request that is not long-running has been answered. */
  answered(request: ServerRequest, code: number, durationMs: number): void {
    const { verb, group, version, resource, subresource, scope } = aboutOf(request)
    const dryRun = request.query.isEmpty ? '' : request.query.all('dryRun').join(',')
    this.#durations.observe(durationMs / 1000, [
      verb,
      dryRun,
      group,
      version,
      resource,
      subresource,
      scope,
      component,
    ])
    this.#requests.inc([
      verb,
      dryRun,
      group,
      version,
      resource,
      subresource,
      scope,
      component,
      codeText(code),
    ])
  }

  responseSize(request: ServerRequest, bytes: number): void {
    this.#responseSizes.observe(bytes, longRunningLabelsOf(request))
  }

  terminated(request: ServerRequest, code: number): void {
    this.#terminations.inc([...longRunningLabelsOf(request), String(code)])
  }

  inflight(kind: 'mutating' | 'readOnly', count: number): void {
    this.#inflight.set(count, [kind])
  }

  /** A watch or an upgraded connection has begun; gives what is to be called at its end. */
  longRunning(request: ServerRequest): () => void {
    const labels = longRunningLabelsOf(request)
    this.#longRunning.add(1, labels)
    return () => this.#longRunning.add(-1, labels)
  }
}

function longRunningLabelsOf(request: ServerRequest): readonly string[] {
  const { verb, group, version, resource, subresource, scope } = aboutOf(request)
  return [verb, group, version, resource, subresource, scope, component]
}
