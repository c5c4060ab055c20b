import { badRequest } from '../../apimachinery/status-error.ts'
import type { ServerRequest } from '../request.ts'
import { readable } from './corrupt.ts'
import { type Outcome, recordOutcome } from './outcome.ts'
import { booleanValue } from './query-values.ts'
import type { Resource } from './resource.ts'
import { fresh } from './revisions.ts'

/** GET of one object; `/status` and the other partial subresources show it whole, too. */
export async function get(resource: Resource, request: ServerRequest): Promise<Outcome> {
  const { query, info } = request
  if (!query.isEmpty && booleanValue(query, 'export') === true)
    throw badRequest('the export parameter, deprecated since v1.14, is no longer supported')
  const id = resource.id(info.namespace, info.name)
  const waiting = fresh(resource, query.get('resourceVersion') ?? '', 'get', id)
  if (waiting !== undefined) await waiting
  return recordOutcome(readable(resource, info.namespace, info.name))
}
