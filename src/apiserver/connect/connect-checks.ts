import type { Authorizer } from '../authorizer.ts'
import type { ServerRequest } from '../request.ts'
import { authorizeAnew } from '../rest/authorize.ts'

/** Streaming into a pod changes it, even where a WebSocket makes it look like a GET: it always needs `create` (upstream since v1.35). */
export async function authorizeCreate(authorizer: Authorizer, request: ServerRequest): Promise<void> {
  if (request.info.verb === 'create') return
  await authorizeAnew(authorizer, request, { verb: 'create', name: request.info.name })
}
