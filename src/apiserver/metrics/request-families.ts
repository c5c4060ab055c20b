import { exponentialBuckets } from '../../base/exponential-buckets.ts'
import type { Counter, Gauge, Histogram, Metrics } from '../../base/metrics.ts'

/** Upstream's (apiserver/pkg/endpoints/metrics). */
const sliBuckets = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]
const watchListBuckets = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60]
const bodyBuckets = Array.from({ length: 31 }, (_, step) => 50_000 + step * 100_000)

const about = ['group', 'version', 'resource', 'subresource', 'scope']
const routeLabels = ['verb', ...about, 'component']
const requestLabels = ['verb', 'dry_run', ...about, 'component']

/** The families that count requests. */
export interface RequestFamilies {
  readonly requests: Counter
  readonly durations: Histogram
  readonly sliDurations: Histogram
  readonly responseSizes: Histogram
  readonly bodySizes: Histogram
  readonly terminations: Counter
  readonly aborts: Counter
  readonly longRunning: Gauge
  readonly selfRequests: Counter
  readonly watchLists: Histogram
}

export function requestFamilies(metrics: Metrics): RequestFamilies {
  return {
    requests: metrics.counter({
      name: 'apiserver_request_total',
      help: 'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
      labels: [...requestLabels, 'code'],
    }),
    durations: metrics.histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
      labels: requestLabels,
      buckets: [0.005, 0.025, ...sliBuckets],
    }),
    sliDurations: metrics.histogram({
      name: 'apiserver_request_sli_duration_seconds',
      help: 'Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.',
      labels: routeLabels,
      buckets: sliBuckets,
    }),
    responseSizes: metrics.histogram({
      name: 'apiserver_response_sizes',
      help: 'Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.',
      labels: routeLabels,
      buckets: exponentialBuckets(1000, 10, 7),
    }),
    bodySizes: metrics.histogram({
      name: 'apiserver_request_body_size_bytes',
      help: 'Apiserver request body size in bytes broken out by resource and verb.',
      labels: ['group', 'resource', 'verb'],
      buckets: bodyBuckets,
    }),
    terminations: metrics.counter({
      name: 'apiserver_request_terminations_total',
      help: 'Number of requests which apiserver terminated in self-defense.',
      labels: [...routeLabels, 'code'],
    }),
    aborts: metrics.counter({
      name: 'apiserver_request_aborts_total',
      help: 'Number of requests which apiserver aborted possibly due to a timeout, for each group, version, verb, resource, subresource and scope',
      labels: ['verb', ...about],
    }),
    longRunning: metrics.gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.',
      labels: routeLabels,
    }),
    selfRequests: metrics.counter({
      name: 'apiserver_selfrequest_total',
      help: 'Counter of apiserver self-requests broken out for each verb, API resource and subresource.',
      labels: ['verb', 'group', 'resource', 'subresource'],
    }),
    watchLists: metrics.histogram({
      name: 'apiserver_watch_list_duration_seconds',
      help: 'Response latency distribution in seconds for watch list requests broken by group, version, resource and scope.',
      labels: ['group', 'version', 'resource', 'scope'],
      buckets: watchListBuckets,
    }),
  }
}
