import { invalidValue } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import type { DeleteOptions, Status } from '../../apimachinery/meta.ts'
import { forbidden, invalid } from '../../apimachinery/status-error.ts'
import { assert } from '../../base/assert.ts'
import { attributesOf } from '../chain/authorization.ts'
import type { ServerRequest } from '../request.ts'
import { unsafeOption } from './delete-options.ts'
import { type Outcome, objectOutcome } from './outcome.ts'
import type { Resource } from './resource.ts'
import { fromStorageError } from './storage-errors.ts'

const verb = 'unsafe-delete-ignore-read-errors'

const optionInvalid = (subject: { group: string; kind: string; name: string }, why: string) =>
  invalid(subject, [invalidValue(fieldPath(unsafeOption), true, why)])

/** A whole collection is never deleted unread. Throws Invalid. */
export function refuseUnsafeCollection(options: DeleteOptions): void {
  if (options[unsafeOption] !== true) return
  const why = 'is not allowed with DELETECOLLECTION, try again after removing the option'
  throw optionInvalid({ group: 'meta.k8s.io', kind: 'DeleteOptions', name: '' }, why)
}

async function authorize(resource: Resource, request: ServerRequest): Promise<void> {
  assert(request.user !== undefined, 'a request is to be authorized without a user')
  const attributes = { ...attributesOf(request, request.user), verb }
  const { decision, reason } = await resource.context.authorizer.authorize(attributes)
  if (decision === 'allow') return
  throw forbidden(
    resource.subject(request.info.name),
    `not permitted to do ${JSON.stringify(verb)}, reason: ${reason}`,
  )
}

/** DELETE of what the store holds and nobody can read: neither finalizers nor admission are asked, as nobody knows it. */
export async function unsafeDelete(resource: Resource, request: ServerRequest): Promise<Outcome> {
  request.annotate('apiserver.k8s.io/unsafe-delete-ignore-read-error', '')
  await authorize(resource, request)
  const { namespace, name } = request.info
  const { context, held, kind } = resource
  const id = resource.id(namespace, name)
  const corrupt = held.corrupt.get(id)
  if (corrupt === undefined) {
    const why = 'is exclusively used to delete corrupt object(s), try again by removing this option'
    throw optionInvalid({ group: kind.group, kind: kind.resource, name }, why)
  }
  try {
    await context.mirror.remove(held, id, corrupt.revision)
  } catch (error) {
    throw fromStorageError(error)
  }
  const status: Status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, kind: kind.kind },
    code: 200,
  }
  return objectOutcome(status)
}
