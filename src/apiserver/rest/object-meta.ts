import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { KubernetesObject, ObjectMeta, OwnerReference } from '../../apimachinery/meta.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { ServerRequest } from '../request.ts'

/** A copy with some of metadata changed; `undefined` removes. */
export function withMetadata(
  object: KubernetesObject,
  changes: { readonly [K in keyof ObjectMeta]?: ObjectMeta[K] | undefined },
): KubernetesObject {
  const metadata: Record<string, unknown> = { ...object.metadata }
  for (const key of Object.keys(changes) as (keyof ObjectMeta)[]) {
    const value = changes[key]
    if (value !== undefined) metadata[key] = value
    // An object of which something is deleted is slow from then on.
    else if (key in metadata) delete metadata[key]
  }
  return { ...object, metadata }
}

const hasSystemFields = (metadata: ObjectMeta): boolean =>
  metadata.creationTimestamp !== undefined ||
  metadata.uid !== undefined ||
  metadata.deletionTimestamp !== undefined ||
  metadata.deletionGracePeriodSeconds !== undefined ||
  metadata.selfLink !== undefined

/** What a client may not say of a new object. */
export function wipeSystemFields(object: KubernetesObject): KubernetesObject {
  if (object.metadata !== undefined && !hasSystemFields(object.metadata)) return object
  const {
    creationTimestamp: _created,
    uid: _uid,
    deletionTimestamp: _deleted,
    deletionGracePeriodSeconds: _grace,
    selfLink: _link,
    ...metadata
  } = object.metadata ?? {}
  return { ...object, metadata }
}

/** Puts the request's namespace in, or takes a namespace out of a cluster-scoped object. */
export function ensureNamespace(object: KubernetesObject, namespace: string): KubernetesObject {
  const own = object.metadata?.namespace ?? ''
  if (own === namespace) return object
  if (own === '') return withMetadata(object, { namespace })
  if (namespace === '') return withMetadata(object, { namespace: undefined })
  throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
}

/** The object in a PUT or PATCH must be the one of the URL. */
export function ensureName(object: KubernetesObject, name: string): void {
  const own = object.metadata?.name ?? ''
  if (own === '')
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    )
  if (own !== name)
    throw badRequest(`the name of the object (${own}) does not match the name on the URL (${name})`)
}

const duplicateOwners = (after: string, uids: string): string =>
  `.metadata.ownerReferences contains duplicate entries${after}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`

/** Drops owner references that are there twice, with upstream's warning. */
export function dedupOwners(
  object: KubernetesObject,
  request: ServerRequest,
  afterAdmission: boolean,
): KubernetesObject {
  const references = object.metadata?.ownerReferences
  if (references === undefined || references.length < 2) return object
  const kept: OwnerReference[] = []
  const duplicates: string[] = []
  for (const reference of references) {
    if (kept.some((other) => other.uid === reference.uid && jsonEqual(other, reference)))
      duplicates.push(reference.uid)
    else kept.push(reference)
  }
  if (duplicates.length === 0) return object
  const after = afterAdmission ? ' after mutating admission happens' : ''
  request.warn(duplicateOwners(after, duplicates.join(', ')))
  return withMetadata(object, { ownerReferences: kept })
}
