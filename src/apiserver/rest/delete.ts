import type { DeleteOptions, KubernetesObject, Status } from '../../apimachinery/meta.ts'
import { conflict, objectModified, type StatusError, type Subject } from '../../apimachinery/status-error.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { ServerRequest } from '../request.ts'
import { timed } from '../timed.ts'
import { readable } from './corrupt.ts'
import { namespaceForAdmission } from './create.ts'
import { planDeletion } from './deletion-plan.ts'
import { type Outcome, objectOutcome, recordOutcome } from './outcome.ts'
import type { Resource } from './resource.ts'
import { fromStorageError, GuardFailedError } from './storage-errors.ts'

const maxAttempts = 100

export interface Deletion {
  readonly resource: Resource
  readonly request: ServerRequest
  readonly namespace: string
  readonly name: string
  readonly options: DeleteOptions
}

/** DELETE of one object. */
export async function deleteObject(deletion: Deletion): Promise<Outcome> {
  const { resource, namespace, name } = deletion
  for (let attempt = 1; ; attempt++) {
    const record = readable(resource, namespace, name)
    try {
      return await attemptDelete(deletion, record)
    } catch (error) {
      if (!(error instanceof GuardFailedError)) throw fromStorageError(error)
      if (attempt === maxAttempts) throw objectModified(resource.subject(name))
      if (error.current === undefined) await resource.context.host.nextTurn()
      else await resource.context.mirror.reached(error.current.modRevision)
      const settled = resource.settled(record.id)
      if (settled !== undefined) await settled
    }
  }
}

async function attemptDelete(deletion: Deletion, record: CachedObject): Promise<Outcome> {
  const { resource, options } = deletion
  const live = resource.read(record)
  checkPreconditions(deletion, live)
  await resource.context.admission.admitDeletion({
    operation: 'DELETE',
    declaration: resource.kind,
    subresource: '',
    namespace: namespaceForAdmission(resource, deletion.namespace, deletion.name),
    name: deletion.name,
    object: undefined,
    oldObject: live,
    dryRun: isDryRun(options),
    options: { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...options },
    request: deletion.request,
  })
  const plan = planDeletion(resource.kind, live, options, resource.context.host.now())
  switch (plan.type) {
    case 'wait':
      return answer(deletion, live, statusOf(options))
    case 'mark':
      return mark(deletion, record, plan.object)
    case 'remove':
      return remove(deletion, record, plan.last)
  }
}

export const isDryRun = (options: DeleteOptions): boolean => (options.dryRun ?? []).length > 0

/** 202 tells those who asked for cascading deletion the old way that it goes on. */
const statusOf = (options: DeleteOptions): number => (options.orphanDependents === false ? 202 : 200)

async function mark(
  { resource, request, options }: Deletion,
  record: CachedObject,
  object: KubernetesObject,
): Promise<Outcome> {
  const status = statusOf(options)
  if (isDryRun(options)) return objectOutcome(object, status)
  const put = resource.put(record.id, object, record.revision)
  return recordOutcome(await timed(resource.context.host, request, 'etcd', put), status)
}

async function remove(deletion: Deletion, record: CachedObject, last: KubernetesObject): Promise<Outcome> {
  if (isDryRun(deletion.options)) return answer(deletion, last, 200)
  const { resource, request } = deletion
  const gone = await timed(resource.context.host, request, 'etcd', resource.remove(record))
  if (resource.kind.returnsDeleted !== true) return answer(deletion, last, 200)
  const metadata = { ...last.metadata, resourceVersion: String(gone.revision) }
  return objectOutcome({ ...last, metadata })
}

function answer({ resource, name }: Deletion, object: KubernetesObject, status: number): Outcome {
  if (resource.kind.returnsDeleted === true) return objectOutcome(object, status)
  const { group } = resource.kind
  const body: Status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name,
      ...(group === '' ? {} : { group }),
      kind: resource.kind.resource,
      ...(object.metadata?.uid === undefined ? {} : { uid: object.metadata.uid }),
    },
  }
  return objectOutcome(body, status)
}

/** Of what only marks its objects at first (namespaces), which asks before the store does. */
function checkOwnPreconditions(
  subject: Subject,
  {
    uid,
    resourceVersion,
  }: { readonly uid: string | undefined; readonly resourceVersion: string | undefined },
  { metadata = {} }: KubernetesObject,
): void {
  const refuse = (what: string, wanted: string, own = ''): StatusError =>
    conflict(
      subject,
      `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${own}`,
    )
  if (uid !== undefined && uid !== metadata.uid) throw refuse('UID', uid, metadata.uid)
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw refuse('ResourceVersion', resourceVersion, metadata.resourceVersion)
}

/** Upstream names the kind, not the resource, in these, and the group that it works with. */
export function checkPreconditions({ resource, name, options }: Deletion, live: KubernetesObject): void {
  const { uid, resourceVersion } = options.preconditions ?? {}
  if (resource.kind.terminating !== undefined) {
    checkOwnPreconditions(resource.subject(name), { uid, resourceVersion }, live)
    return
  }
  const subject = { group: resource.cache.kind.group, resource: resource.kind.kind, name }
  const own = live.metadata ?? {}
  if (uid !== undefined && uid !== own.uid) {
    throw conflict(
      subject,
      `the UID in the precondition (${uid}) does not match the UID in record (${own.uid ?? ''}). The object might have been deleted and then recreated`,
    )
  }
  if (resourceVersion !== undefined && resourceVersion !== own.resourceVersion) {
    throw conflict(
      subject,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${own.resourceVersion ?? ''}). The object might have been modified`,
    )
  }
}
