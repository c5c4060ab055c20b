import type { ServerRequest } from '../request.ts'
import { readBody } from './body.ts'
import { withManagedFields } from './field-management.ts'
import { dedupOwners, ensureName, ensureNamespace } from './object-meta.ts'
import type { Outcome } from './outcome.ts'
import type { Resource } from './resource.ts'
import { updateObject } from './update.ts'
import { writeOptions } from './write-options.ts'

/** PUT of an object, or of the part of it that a subresource stands for. */
export async function put(resource: Resource, request: ServerRequest): Promise<Outcome> {
  const { namespace, name, subresource } = request.info
  const options = writeOptions(request, 'UpdateOptions')
  const body = readBody(resource, request, options.fieldValidation)
  const sent = body instanceof Promise ? await body : body
  const placed = ensureNamespace(sent, resource.kind.namespaced ? namespace : '')
  ensureName(placed, name)
  const object = dedupOwners(placed, request, false)
  const uid = object.metadata?.uid ?? ''
  return updateObject({
    resource,
    request,
    namespace,
    name,
    subresource,
    options,
    uid: uid === '' ? undefined : uid,
    forceAllowCreate: false,
    transform: (live) => withManagedFields(resource, live, object, subresource, options),
  })
}
