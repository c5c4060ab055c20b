import {
  cleanupFinalizer,
  type Definition,
  isTrue,
  type NewCondition,
  withCondition,
} from '../../api/apiextensions/custom-resource-definition/definition-state.ts'
import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'
import type { CustomResources } from './custom-resources.ts'
import { deleteInstance } from './delete-instance.ts'

export interface FinalizeServices {
  readonly host: Host
  readonly custom: CustomResources
  /** Gives what was written; undefined where somebody else wrote or deleted it first. */
  readonly write: (definition: Definition) => Promise<Definition | undefined>
}

/** How long instances with finalizers of their own are waited for before that is told. */
const waitMs = 60_000

const overlapping = ['apiservices.apiregistration.k8s.io', 'customresourcedefinitions.apiextensions.k8s.io']

const terminating = (status: 'True' | 'False', reason: string, message: string): NewCondition => ({
  type: 'Terminating',
  status,
  reason,
  message,
})

/** True when no instance is left, false when some still are after `waitMs`. */
function whenEmpty(host: Host, cache: ResourceCache): Promise<boolean> {
  if (cache.size === 0) return Promise.resolve(true)
  return new Promise((resolve) => {
    const finish = (empty: boolean): void => {
      timer.cancel()
      stop()
      resolve(empty)
    }
    const timer = host.schedule(waitMs, () => finish(false))
    const stop = cache.onRead(() => {
      if (cache.size === 0) finish(true)
    })
  })
}

interface Deleted {
  readonly condition: NewCondition
  readonly error?: Error
}

const failed = (reason: string, message: string, error: unknown): Deleted => ({
  condition: terminating('True', reason, message),
  error: error instanceof Error ? error : new Error(message),
})

async function deleteInstances(definition: Definition, { host, custom }: FinalizeServices): Promise<Deleted> {
  let resource: Awaited<ReturnType<CustomResources['instancesOf']>>['resource']
  try {
    resource = (await custom.instancesOf(definition)).resource
  } catch (error) {
    return failed('InstanceDeletionFailed', `could not list instances: ${messageOf(error)}`, error)
  }
  try {
    for (const record of [...resource.cache.values()]) await deleteInstance(resource, record)
  } catch (error) {
    return failed('InstanceDeletionFailed', `could not issue all deletes: ${messageOf(error)}`, error)
  }
  if (await whenEmpty(host, resource.cache))
    return { condition: terminating('False', 'InstanceDeletionCompleted', 'removed all instances') }
  const why = 'could not confirm zero CustomResources remaining: timed out waiting for the condition'
  return failed('InstanceDeletionCheck', why, new Error(why))
}

async function clean(definition: Definition, services: FinalizeServices): Promise<Deleted> {
  const { group, names } = definition.spec
  if (overlapping.includes(`${names.plural}.${group}`)) {
    const message = 'instances overlap with built-in resources in storage'
    return { condition: terminating('False', 'OverlappingBuiltInResource', message) }
  }
  if (!isTrue(definition, 'Established'))
    return { condition: terminating('False', 'NeverEstablished', 'resource was never established') }
  return deleteInstances(definition, services)
}

/** Upstream's CRD finalizer: removes all instances of a definition that is being deleted, then lets it go. */
export async function finalizeDefinition(definition: Definition, services: FinalizeServices): Promise<void> {
  const { host, write } = services
  const progress = terminating('True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress')
  const begun = await write(withCondition(definition, progress, host.now()))
  if (begun === undefined) return
  const { condition, error } = await clean(begun, services)
  const told = withCondition(begun, condition, host.now())
  if (error !== undefined) {
    await write(told)
    throw error
  }
  const finalizers = (told.metadata?.finalizers ?? []).filter((name) => name !== cleanupFinalizer)
  await write({ ...told, metadata: { ...told.metadata, finalizers } })
}
