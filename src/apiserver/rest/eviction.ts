import { isPodReady, isPodTerminal, withPodCondition } from '../../api/core/pod/pod-state.ts'
import type { core, policy } from '../../api/generated/types/index.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import type { DeleteOptions, KubernetesObject } from '../../apimachinery/meta.ts'
import { badRequest, invalid, isStatus, notFound } from '../../apimachinery/status-error.ts'
import type { ServerRequest } from '../request.ts'
import { readObject } from './body.ts'
import { checkPreconditions, type Deletion, deleteObject, isDryRun } from './delete.ts'
import { checkDeleteOptions } from './delete-options.ts'
import { allowsUnready, budgetOf, stillProcessed, takeDisruption } from './disruption-budget.ts'
import { ensureNamespace } from './object-meta.ts'
import { type Outcome, objectOutcome } from './outcome.ts'
import type { Resource } from './resource.ts'
import { rewriteObject } from './rewrite.ts'
import { optionsAs, writeOptions } from './write-options.ts'

type Pod = core.v1.Pod
type Eviction = policy.v1.Eviction

const evictionKind = { group: 'policy', version: 'v1', kind: 'Eviction' }
/** What kubectl before 1.22 sends; upstream reads it to this day. */
const olderKind = { ...evictionKind, version: 'v1beta1' }
const evictionSchema = 'io.k8s.api.policy.v1.Eviction'

/** How often a pod is looked at again that changes while it is deleted; upstream's EvictionsRetry. */
const maxAttempts = 20

/** POST of `/eviction`: deletes the pod gracefully where its disruption budget allows it, and notes on it why. */
export async function createEviction(resource: Resource, request: ServerRequest): Promise<Outcome> {
  const { context } = resource
  const { namespace, name } = request.info
  const options = writeOptions(request, 'CreateOptions')
  const schema = context.schemas.get(evictionSchema)
  const { fieldValidation } = options
  const sent = await readObject(context, request, evictionKind, schema, fieldValidation, [olderKind])
  const object = ensureNamespace(sent, namespace)
  const input = {
    operation: 'CREATE',
    declaration: resource.kind,
    kind: evictionKind,
    subresource: 'eviction',
    namespace,
    name,
    oldObject: undefined,
    dryRun: options.dryRun,
    options: optionsAs(options, 'CreateOptions'),
    request,
  } as const
  const admitted = await context.admission.mutate({ ...input, object }, object)
  const eviction = admitted as Eviction
  if (eviction.metadata?.name !== name) throw badRequest('name in URL does not match name in Eviction object')
  checkEviction(eviction, name)
  await context.admission.validate({ ...input, object: admitted })
  const dryRun = options.dryRun ? { dryRun: ['All'] } : {}
  const wanted = checkDeleteOptions({ ...toDeleteOptions(eviction), ...dryRun })
  await evict({ resource, request, namespace, name, options: wanted })
  return objectOutcome({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201)
}

function checkEviction({ deleteOptions }: Eviction, name: string): void {
  if (deleteOptions?.ignoreStoreReadErrorWithClusterBreakingPotential !== true) return
  const path = fieldPath('deleteOptions').child('ignoreStoreReadErrorWithClusterBreakingPotential')
  const detail = 'can not be set for pod eviction, try after removing the option'
  throw invalid({ group: 'policy', kind: 'Eviction', name }, [invalidValue(path, true, detail)])
}

function toDeleteOptions({ deleteOptions = {} }: Eviction): DeleteOptions {
  const { kind: _kind, apiVersion: _version, ...options } = deleteOptions
  return options
}

async function evict(deletion: Deletion): Promise<void> {
  const { resource, namespace, name, options } = deletion
  const isPinned = options.preconditions?.resourceVersion !== undefined
  for (let attempt = 1; ; attempt++) {
    const record = resource.find(namespace, name)
    if (record === undefined) throw notFound(resource.subject(name))
    const pod = resource.read(record) as Pod
    if (!isBeyondBudgets(pod)) return evictCounted(deletion, pod)
    try {
      // One that is about to run must not become one that is counted in the meantime.
      const isEarly = pod.status?.phase === 'Pending' && pod.metadata?.deletionTimestamp === undefined
      return await markAndDelete(isEarly && !isPinned ? pinnedTo(deletion, pod) : deletion)
    } catch (error) {
      if (isPinned || attempt === maxAttempts || !isStatus(error, 'Conflict')) throw error
      await resource.context.host.nextTurn()
    }
  }
}

/** Nobody misses a pod that has ended, has not begun or is going away already. */
const isBeyondBudgets = (pod: Pod): boolean =>
  isPodTerminal(pod) || pod.status?.phase === 'Pending' || pod.metadata?.deletionTimestamp !== undefined

/** On condition that the pod is as it was looked at. */
function pinnedTo(deletion: Deletion, { metadata }: Pod): Deletion {
  const { options } = deletion
  const { resourceVersion = '' } = metadata ?? {}
  return {
    ...deletion,
    options: { ...options, preconditions: { ...options.preconditions, resourceVersion } },
  }
}

async function evictCounted(deletion: Deletion, pod: Pod): Promise<void> {
  const { resource, name, options } = deletion
  const budget = budgetOf(resource, pod)
  if (budget === undefined) return markAndDelete(deletion)
  if (isPodReady(pod) || !allowsUnready(budget)) {
    await takeDisruption(resource, budget, name, isDryRun(options))
    return markAndDelete(deletion)
  }
  try {
    return await markAndDelete(pinnedTo(deletion, pod))
  } catch (error) {
    // It may have become ready: whoever asks again is told.
    if (options.preconditions?.resourceVersion !== undefined || !isStatus(error, 'Conflict')) throw error
    throw stillProcessed(budget.metadata?.name ?? '')
  }
}

/** Adds the condition that tells the pod's owner, and deletes the version that has it. */
async function markAndDelete(deletion: Deletion): Promise<void> {
  await deleteObject({ ...deletion, options: await mark(deletion) })
}

async function mark(deletion: Deletion): Promise<DeleteOptions> {
  const { resource, namespace, name, options } = deletion
  if (isDryRun(options)) return options
  const nowMs = resource.context.host.now()
  const record = await rewriteObject(resource, namespace, name, false, (live) => {
    if (live === undefined) throw notFound(resource.subject(name))
    checkPreconditions(deletion, live)
    return withDisruption(live as Pod, nowMs)
  })
  if (record === undefined || options.preconditions?.resourceVersion === undefined) return options
  const preconditions = { ...options.preconditions, resourceVersion: String(record.revision) }
  return { ...options, preconditions }
}

function withDisruption(pod: Pod, nowMs: number): KubernetesObject {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastProbeTime: null,
  }
  const conditions = withPodCondition(pod.status?.conditions, condition, nowMs)
  const object = { ...pod, status: { ...pod.status, conditions } }
  return object
}
