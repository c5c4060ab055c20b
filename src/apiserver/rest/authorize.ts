import { assert } from '../../base/assert.ts'
import type { Authorizer } from '../authorizer.ts'
import { attributesOf, refusal } from '../chain/authorization.ts'
import type { ServerRequest } from '../request.ts'

/** Asks for another verb than the request's own, as an update that creates has to. Throws Forbidden. */
export async function authorizeAnew(
  authorizer: Authorizer,
  request: ServerRequest,
  changes: { readonly verb: string; readonly name: string },
): Promise<void> {
  assert(request.user !== undefined, 'a request is to be authorized without a user')
  const attributes = { ...attributesOf(request, request.user), ...changes }
  const { decision, reason } = await authorizer.authorize(attributes)
  if (decision !== 'allow') throw refusal(attributes, reason)
}
