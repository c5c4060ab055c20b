import { statusError } from '../../apimachinery/status-error.ts'
import type { Filter } from '../filter.ts'
import { type InFlightMetrics, requestKind } from '../metrics/in-flight-metrics.ts'
import type { ServerMetrics } from '../metrics/server-metrics.ts'
import type { ServerRequest } from '../request.ts'
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

const privileged = 'system:masters'

const isExempt = (request: ServerRequest): boolean =>
  // Components in this process are what upstream gives priority levels of their own.
  request.source.connection.user !== undefined ||
  (request.user?.groups.includes(privileged) ?? false) ||
  isLongRunning(request)

/** Refuses with 429 what comes while too much is in flight: upstream's limits without priority and fairness. */
export function maxInFlightFilter(
  limits: InFlightLimits,
  metrics: ServerMetrics,
  inFlight: InFlightMetrics,
): Filter {
  return (request, next) => {
    if (isExempt(request)) return next(request)
    const kind = requestKind(request)
    if (inFlight.executing(kind) >= limits[kind]) {
      metrics.dropped(request)
      throw statusError('TooManyRequests', 'Too many requests, please try again later.', {
        retryAfterSeconds: 1,
      })
    }
    inFlight.execute(kind, 1)
    const ended = (): void => inFlight.execute(kind, -1)
    return next(request).then(
      (response) => whenEnded(request, response, ended),
      (error: unknown) => {
        ended()
        throw error
      },
    )
  }
}
