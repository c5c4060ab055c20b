import type { IncomingMessage } from 'node:http'
import type { Writable } from 'node:stream'
import type { Host } from '../../base/host.ts'
import type { Metrics } from '../../base/metrics.ts'

const labels = ['method', 'path', 'server_type', 'long_running']
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE'])
const longRunning = new Set(['exec', 'attach', 'portforward', 'debug'])
/** Upstream's names of paths; all others are one. */
const buckets = new Set([
  ...['attach', 'checkpoint', 'configz', 'containerLogs', 'debug', 'exec', 'flagz', 'healthz', 'logs'],
  ...['metrics', 'metrics/cadvisor', 'metrics/probes', 'metrics/resource', 'pods', 'portForward', 'run'],
  ...['runningpods', 'stats', 'statusz'],
])

/** `/metrics/resource?x=y` → `metrics/resource`. */
function bucketOf(url: string): string {
  const path = (url.split('?')[0] ?? '').replace(/^\/+|\/+$/g, '')
  if (buckets.has(path)) return path
  const first = path.split('/')[0] ?? ''
  return buckets.has(first) ? first : 'other'
}

/** Counts the requests that an agent answers (pkg/kubelet/server/metrics). */
export class RequestMetrics {
  readonly #host: Host
  readonly #requests
  readonly #inFlight
  readonly #durations

  constructor(metrics: Metrics, host: Host) {
    this.#host = host
    this.#requests = metrics.counter({
      name: 'kubelet_http_requests_total',
      help: '[ALPHA] Number of the http requests received since the server started',
      labels,
    })
    this.#inFlight = metrics.gauge({
      name: 'kubelet_http_inflight_requests',
      help: '[ALPHA] Number of the inflight http requests',
      labels,
    })
    this.#durations = metrics.histogram({
      name: 'kubelet_http_requests_duration_seconds',
      help: '[ALPHA] Duration in seconds to serve http requests',
      labels,
    })
  }

  /** Counts until the answer, or the connection, is over. */
  begin({ method = '', url = '' }: IncomingMessage, answer: Writable, readOnly: boolean): void {
    const path = bucketOf(url)
    const values = [
      methods.has(method) ? method : 'other',
      path,
      readOnly ? 'readonly' : 'readwrite',
      String(longRunning.has(path.toLowerCase())),
    ]
    const beganMs = this.#host.monotonicMs()
    this.#requests.inc(values)
    this.#inFlight.add(1, values)
    answer.once('close', () => {
      this.#inFlight.add(-1, values)
      this.#durations.observe((this.#host.monotonicMs() - beganMs) / 1000, values)
    })
  }
}
