import { unauthorized } from '../../apimachinery/status-error.ts'
import type { Authentication, Authenticator } from '../authenticator.ts'
import type { Filter } from '../filter.ts'
import type { ServerRequest } from '../request.ts'

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

/** Asks who it is, in the list's order; the in-process transport's own user needs no asking. */
export function authenticationFilter(authenticators: readonly Authenticator[]): Filter {
  return (request, next) => {
    const { user } = request.source.connection
    if (user !== undefined) {
      request.user = user
      return next(request)
    }
    const [first] = authenticators
    const found =
      authenticators.length === 1 ? first?.authenticate(request) : askFrom(authenticators, request)
    const go = (authentication: Authentication | undefined) => {
      if (authentication === undefined) throw unauthorized()
      request.user = authentication.user
      if (authentication.headers !== undefined) request.identityHeaders = authentication.headers
      return next(request)
    }
    return found instanceof Promise ? found.then(go) : go(found)
  }
}
