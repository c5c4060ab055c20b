import type { Host } from '../../base/host.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Authenticator } from '../authenticator.ts'
import type { Authorizer } from '../authorizer.ts'
import { compose, type Filter, type Handler } from '../filter.ts'
import type { AccessMetrics } from '../metrics/access-metrics.ts'
import { InFlightMetrics } from '../metrics/in-flight-metrics.ts'
import type { ServerMetrics } from '../metrics/server-metrics.ts'
import { timedFilter } from '../metrics/timed-filter.ts'
import { authenticationFilter, type Refused } from './authentication.ts'
import { authorizationFilter } from './authorization.ts'
import { type InFlightLimits, maxInFlightFilter } from './max-in-flight.ts'
import { type RecoverOptions, recoverFilter } from './recover.ts'
import { requestInfoFilter } from './request-info.ts'
import { timeoutFilter } from './timeout.ts'

/** Tells auditors of requests: those of whom it is known who asks, and the others. */
export interface Audit {
  readonly filter: Filter
  readonly refused: Refused
  /** To be called before anything of an answer leaves. */
  readonly flush: () => void
}

export interface ChainOptions extends RecoverOptions {
  readonly host: Host
  /** Before all others: they see every answer as it goes out. */
  readonly outer: readonly Filter[]
  readonly metrics: ServerMetrics
  readonly access: AccessMetrics
  readonly registry: Metrics
  readonly requestTimeoutMs: number
  /** Absent: nothing is audited. */
  readonly audit: Audit | undefined
  readonly authenticators: readonly Authenticator[]
  readonly impersonation: Filter | undefined
  /** Priority and fairness; absent: plain limits. */
  readonly flowControl: Filter | undefined
  readonly inFlight: InFlightLimits
  readonly authorizer: Authorizer
}

/** The way of a request, in upstream's order; `last` answers it. */
export function buildChain(options: ChainOptions, last: Handler): Handler {
  const { host, metrics, access, registry, flowControl } = options
  const timed = (name: string, filter: Filter | undefined): readonly Filter[] =>
    filter === undefined ? [] : timedFilter(host, registry, name, filter)
  return compose(
    [
      ...options.outer,
      recoverFilter(options),
      requestInfoFilter,
      timeoutFilter({ host, metrics, timeoutMs: options.requestTimeoutMs }),
      ...timed('authentication', authenticationFilter(options)),
      ...timed('audit', options.audit?.filter),
      ...timed('constrainedimpersonation', options.impersonation),
      ...(flowControl === undefined
        ? [maxInFlightFilter(options.inFlight, metrics, new InFlightMetrics(host, registry))]
        : timed('priorityandfairness', flowControl)),
      ...timed('authorization', authorizationFilter(host, options.authorizer, access)),
    ],
    last,
  )
}
