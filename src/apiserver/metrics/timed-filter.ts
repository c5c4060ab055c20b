import type { Host } from '../../base/host.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Filter } from '../filter.ts'

const buckets = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 5, 10, 15, 30]

/** The filter between two that measure how long it takes until it lets a request go on; what it refuses is not measured. */
export function timedFilter(host: Host, metrics: Metrics, name: string, filter: Filter): readonly Filter[] {
  const seconds = metrics
    .histogram({
      name: 'apiserver_request_filter_duration_seconds',
      help: 'Request filter latency distribution in seconds, for each filter type',
      labels: ['filter'],
      buckets,
    })
    .with([name])
  const started: Filter = (request, next) => {
    request.filterStartedMs = host.monotonicMs()
    return next(request)
  }
  const completed: Filter = (request, next) => {
    seconds.observe((host.monotonicMs() - request.filterStartedMs) / 1000)
    return next(request)
  }
  return [started, filter, completed]
}
