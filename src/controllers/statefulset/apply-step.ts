import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { hasCause, isStatus } from '../../apimachinery/status-error.ts'
import { messageOf } from '../../base/message-of.ts'
import type { ReconcileContext } from '../../reconcile/controller.ts'
import { claimOwners, claimsFor, hasForeignController } from './claims.ts'
import { ordinalOf } from './ordinals.ts'
import type { Step } from './plan-stateful-set.ts'

type StatefulSet = apps.v1.StatefulSet

/** Tells of what was done, or why it failed, in upstream's words. */
async function told(
  { events }: ReconcileContext,
  set: StatefulSet,
  verb: 'Create' | 'Update' | 'Delete',
  { done, failed }: { readonly done: string; readonly failed: string },
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work()
    events.event(set, 'Normal', `Successful${verb}`, `${verb} ${done}`)
  } catch (error) {
    // Nothing can be created in a namespace that goes away: no news.
    if (!hasCause(error, 'NamespaceTerminating'))
      events.event(set, 'Warning', `Failed${verb}`, `${verb} ${failed} failed error: ${messageOf(error)}`)
    throw error
  }
}

async function createClaims(set: StatefulSet, pod: core.v1.Pod, context: ReconcileContext): Promise<void> {
  const { api, cache } = context
  const namespace = set.metadata?.namespace ?? ''
  for (const claim of claimsFor(set, ordinalOf(set, pod) ?? 0)) {
    const name = claim.metadata?.name ?? ''
    const present = cache.of(PersistentVolumeClaim).get(namespace, name)
    if (present?.metadata?.deletionTimestamp !== undefined) throw new Error(`pvc ${name} is being deleted`)
    if (present !== undefined) continue
    const within = `Pod ${pod.metadata?.name} in StatefulSet ${set.metadata?.name}`
    const texts = { done: `Claim ${name} ${within} success`, failed: `Claim ${name} for ${within}` }
    try {
      await told(context, set, 'Create', texts, () => api.resource(PersistentVolumeClaim).create(claim))
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error
    }
  }
}

async function setOwners(set: StatefulSet, pod: core.v1.Pod, context: ReconcileContext): Promise<void> {
  const { api, cache, events } = context
  const namespace = set.metadata?.namespace ?? ''
  for (const { metadata } of claimsFor(set, ordinalOf(set, pod) ?? 0)) {
    const claim = cache.of(PersistentVolumeClaim).get(namespace, metadata?.name ?? '')
    if (claim === undefined) continue
    if (hasForeignController(set, claim, pod)) {
      const text = `PersistentVolumeClaim ${claim.metadata?.name} has a conflicting OwnerReference that acts as a managing controller, the retention policy is ignored for this claim`
      events.event(set, 'Warning', 'ConflictingController', text)
    }
    const ownerReferences = claimOwners(set, claim, pod)
    if (ownerReferences === undefined) continue
    await api
      .resource(PersistentVolumeClaim)
      .update({ ...claim, metadata: { ...claim.metadata, ownerReferences } })
  }
}

/** Does one step of the plan. Throws what the server refused, after an event. */
export async function applyStep(set: StatefulSet, step: Step, context: ReconcileContext): Promise<void> {
  const { api } = context
  const { pod } = step
  const { namespace = '', name = '' } = pod.metadata ?? {}
  const failed = `Pod ${name} in StatefulSet ${set.metadata?.name}`
  const texts = { done: `${failed} successful`, failed }
  switch (step.type) {
    case 'create':
      await createClaims(set, pod, context)
      return told(context, set, 'Create', texts, () => api.resource(Pod).create(pod))
    case 'claims':
      return createClaims(set, pod, context)
    case 'owners':
      return setOwners(set, pod, context)
    case 'update':
      return told(context, set, 'Update', texts, () => api.resource(Pod).update(pod))
    case 'delete':
      return told(context, set, 'Delete', texts, async () => {
        try {
          await api.resource(Pod).delete(namespace, name, {})
        } catch (error) {
          if (!isStatus(error, 'NotFound')) throw error
        }
      })
  }
}
