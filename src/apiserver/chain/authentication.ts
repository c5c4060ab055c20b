import { unauthorized } from '../../apimachinery/status-error.ts'
import type { Host } from '../../base/host.ts'
import type { Authentication, Authenticator, MaybePromise } from '../authenticator.ts'
import type { Filter } from '../filter.ts'
import type { AccessMetrics } from '../metrics/access-metrics.ts'
import type { ServerRequest } from '../request.ts'
import type { ServerResponse } from '../response.ts'

async function askFrom(
  authenticators: readonly Authenticator[],
  request: ServerRequest,
): Promise<Authentication | undefined> {
  for (const authenticator of authenticators) {
    const found = await authenticator.authenticate(request)
    if (found !== undefined) return found
  }
  return undefined
}

/** Answers a request whose client nobody knows. */
export type Refused = (request: ServerRequest, error: unknown) => Promise<ServerResponse>

export interface AuthenticationOptions {
  readonly host: Host
  readonly authenticators: readonly Authenticator[]
  readonly access: AccessMetrics
  /** Of what is audited it is known how long it took. */
  readonly audit: { readonly refused: Refused } | undefined
}

/**
 * Asks who it is, in the list's order; the in-process transport's own user needs no asking. What is refused goes to
 * the audit, where there is one.
 */
export function authenticationFilter({ host, authenticators, audit, access }: AuthenticationOptions): Filter {
  const refused = audit?.refused
  const ask = (request: ServerRequest): MaybePromise<Authentication | undefined> => {
    const [first] = authenticators
    return authenticators.length === 1 ? first?.authenticate(request) : askFrom(authenticators, request)
  }
  const tookMs = (request: ServerRequest): number => host.monotonicMs() - request.filterStartedMs
  const refuse = (request: ServerRequest, error: unknown): Promise<ServerResponse> => {
    access.notAuthenticated('error', tookMs(request))
    if (refused !== undefined) return refused(request, error)
    throw error
  }
  return (request, next) => {
    const { user } = request.source.connection
    if (user !== undefined) {
      request.user = user
      access.authenticated(user.name, tookMs(request))
      return next(request)
    }
    const go = (authentication: Authentication | undefined) => {
      if (authentication === undefined) {
        access.notAuthenticated('failure', tookMs(request))
        if (refused !== undefined) return refused(request, unauthorized())
        throw unauthorized()
      }
      request.user = authentication.user
      access.authenticated(authentication.user.name, tookMs(request))
      if (authentication.headers !== undefined) request.identityHeaders = authentication.headers
      return next(request)
    }
    let found: MaybePromise<Authentication | undefined>
    try {
      found = ask(request)
    } catch (error) {
      return refuse(request, error)
    }
    if (!(found instanceof Promise)) return go(found)
    const known = found.finally(() => request.took('authentication', tookMs(request)))
    return known.then(go, (error) => refuse(request, error))
  }
}
