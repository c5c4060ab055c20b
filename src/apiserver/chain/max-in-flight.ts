import { statusError } from '../../apimachinery/status-error.ts'
import type { Filter } from '../filter.ts'
import type { ServerRequest } from '../request.ts'
import type { ServerMetrics } from '../server-metrics.ts'
import { whenEnded } from '../when-ended.ts'
import { isLongRunning } from './long-running.ts'

export interface InFlightLimits {
  /** `--max-requests-inflight`. */
  readonly readOnly: number
  /** `--max-mutating-requests-inflight`. */
  readonly mutating: number
}

/** Upstream's defaults. */
export const defaultInFlightLimits: InFlightLimits = { readOnly: 400, mutating: 200 }

const readOnlyVerbs = new Set(['get', 'list', 'watch'])
const privileged = 'system:masters'

const isExempt = (request: ServerRequest): boolean =>
  // Components in this process are what upstream gives priority levels of their own.
  request.source.connection.user !== undefined ||
  (request.user?.groups.includes(privileged) ?? false) ||
  isLongRunning(request)

/** Refuses with 429 what comes while too much is in flight: upstream's limits without priority and fairness. */
export function maxInFlightFilter(limits: InFlightLimits, metrics: ServerMetrics): Filter {
  const counts = { readOnly: 0, mutating: 0 }
  return (request, next) => {
    if (isExempt(request)) return next(request)
    const kind = readOnlyVerbs.has(request.info.verb) ? 'readOnly' : 'mutating'
    if (counts[kind] >= limits[kind]) {
      metrics.terminated(request, 429)
      throw statusError('TooManyRequests', 'Too many requests, please try again later.', {
        retryAfterSeconds: 1,
      })
    }
    metrics.inflight(kind, ++counts[kind])
    const ended = (): void => metrics.inflight(kind, --counts[kind])
    return next(request).then(
      (response) => whenEnded(request, response, ended),
      (error: unknown) => {
        ended()
        throw error
      },
    )
  }
}
