import type { Host } from '../../base/host.ts'
import type { Authenticator } from '../authenticator.ts'
import type { Authorizer } from '../authorizer.ts'
import { compose, type Filter, type Handler } from '../filter.ts'
import type { ServerMetrics } from '../server-metrics.ts'
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
}

export interface ChainOptions extends RecoverOptions {
  readonly host: Host
  /** Before all others: they see every answer as it goes out. */
  readonly outer: readonly Filter[]
  readonly metrics: ServerMetrics
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
  const filters: readonly (Filter | undefined)[] = [
    ...options.outer,
    recoverFilter(options),
    requestInfoFilter,
    timeoutFilter(options.host, options.requestTimeoutMs),
    authenticationFilter(options),
    options.audit?.filter,
    options.impersonation,
    options.flowControl ?? maxInFlightFilter(options.inFlight, options.metrics),
    authorizationFilter(options.host, options.authorizer),
  ]
  return compose(
    filters.filter((filter) => filter !== undefined),
    last,
  )
}
