import type { core, policy } from '../../api/generated/types/index.ts'
import type { DeleteOptions, KubernetesObject } from '../../apimachinery/meta.ts'
import { badRequest, conflict, notFound } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { ServerRequest } from '../request.ts'
import { readObject } from './body.ts'
import { deleteObject } from './delete.ts'
import { checkDeleteOptions } from './delete-options.ts'
import { ensureNamespace } from './object-meta.ts'
import { type Outcome, objectOutcome } from './outcome.ts'
import type { Resource } from './resource.ts'
import { rewriteObject } from './rewrite.ts'
import { optionsAs, writeOptions } from './write-options.ts'

type Pod = core.v1.Pod
type Eviction = policy.v1.Eviction

const evictionKind = { group: 'policy', version: 'v1', kind: 'Eviction' }
const evictionSchema = 'io.k8s.api.policy.v1.Eviction'

/** POST of `/eviction`: deletes the pod gracefully, and notes on it why. */
export async function createEviction(resource: Resource, request: ServerRequest): Promise<Outcome> {
  const { context } = resource
  const { namespace, name } = request.info
  const options = writeOptions(request, 'CreateOptions')
  const schema = context.schemas.get(evictionSchema)
  const sent = await readObject(context, request, evictionKind, schema, options.fieldValidation)
  const eviction = ensureNamespace(sent, namespace) as Eviction
  if (eviction.metadata?.name !== name) throw badRequest('name in URL does not match name in Eviction object')
  await context.admission.validate({
    operation: 'CREATE',
    declaration: resource.kind,
    kind: evictionKind,
    subresource: 'eviction',
    namespace,
    name,
    object: eviction,
    oldObject: undefined,
    dryRun: options.dryRun,
    options: optionsAs(options, 'CreateOptions'),
    request,
  })
  const dryRun = options.dryRun ? { dryRun: ['All'] } : {}
  const wanted = checkDeleteOptions({ ...toDeleteOptions(eviction), ...dryRun })
  const deletion = await disrupt(resource, namespace, name, wanted)
  await deleteObject({ resource, request, namespace, name, options: deletion })
  return objectOutcome({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201)
}

function toDeleteOptions({ deleteOptions = {} }: Eviction): DeleteOptions {
  const { kind: _kind, apiVersion: _version, ...options } = deleteOptions
  return options
}

/** Adds the condition that tells the pod's owner; gives the options to delete with, whose version follows that write. */
async function disrupt(
  resource: Resource,
  namespace: string,
  name: string,
  options: DeleteOptions,
): Promise<DeleteOptions> {
  if ((options.dryRun ?? []).length > 0) return options
  const nowMs = resource.context.host.now()
  const record = await rewriteObject(resource, namespace, name, false, (live) => {
    if (live === undefined) throw notFound(resource.subject(name))
    checkPreconditions(live, name, options)
    return withDisruption(live as Pod, nowMs)
  })
  if (record === undefined || options.preconditions?.resourceVersion === undefined) return options
  const preconditions = { ...options.preconditions, resourceVersion: String(record.revision) }
  return { ...options, preconditions }
}

function checkPreconditions(live: KubernetesObject, name: string, { preconditions }: DeleteOptions): void {
  const subject = { group: '', resource: 'Pod', name }
  const { uid, resourceVersion } = preconditions ?? {}
  const own = live.metadata ?? {}
  if (uid !== undefined && uid !== own.uid)
    throw conflict(
      subject,
      `the UID in the precondition (${uid}) does not match the UID in record (${own.uid ?? ''}). The object might have been deleted and then recreated`,
    )
  if (resourceVersion !== undefined && resourceVersion !== own.resourceVersion)
    throw conflict(
      subject,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${own.resourceVersion ?? ''}). The object might have been modified`,
    )
}

function withDisruption(pod: Pod, nowMs: number): KubernetesObject {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastProbeTime: null,
    lastTransitionTime: formatTime(nowMs),
  }
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== condition.type)
  const object = { ...pod, status: { ...pod.status, conditions: [...others, condition] } }
  return object
}
