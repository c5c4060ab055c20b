import { Pod } from '../../api/core/pod/kind.ts'
import type { core, resource } from '../../api/generated/types/index.ts'
import { ResourceClaim } from '../../api/resource/resource-claim/kind.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { ReconcileContext } from '../../reconcile/controller.ts'
import { isPodDone } from './pod-work.ts'

type Claim = resource.v1.ResourceClaim
type Consumer = resource.v1.ResourceClaimConsumerReference

/** Set by the scheduler when it allocates devices. */
const finalizer = 'resource.kubernetes.io/delete-protection'

async function livePod(
  namespace: string,
  name: string,
  { api }: ReconcileContext,
): Promise<core.v1.Pod | undefined> {
  try {
    return await api.resource(Pod).get(namespace, name)
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}

/** Whether a consumer may still use the claim. Consumers of unknown kinds are left alone. */
async function stillUses(consumer: Consumer, namespace: string, context: ReconcileContext): Promise<boolean> {
  if ((consumer.apiGroup ?? '') !== '' || consumer.resource !== 'pods') return true
  const seen = context.cache.of(Pod).get(namespace, consumer.name)
  if (seen !== undefined) return seen.metadata?.uid === consumer.uid && !isPodDone(seen)
  // It may only not have been seen yet: the scheduler knows it already.
  return (await livePod(namespace, consumer.name, context))?.metadata?.uid === consumer.uid
}

const withoutAllocation = ({ status, ...claim }: Claim): Claim => {
  const { allocation: _allocation, ...rest } = status ?? {}
  return { ...claim, status: rest }
}

async function dropFinalizer(claim: Claim, { api }: ReconcileContext): Promise<void> {
  const finalizers = (claim.metadata?.finalizers ?? []).filter((each) => each !== finalizer)
  await api.resource(ResourceClaim).update({ ...claim, metadata: { ...claim.metadata, finalizers } })
}

/** Takes away consumers that are gone; with the last one the devices, too. Gives how many are left. */
async function release(claim: Claim, context: ReconcileContext): Promise<number> {
  const { namespace = '', finalizers = [], deletionTimestamp } = claim.metadata ?? {}
  const consumers = claim.status?.reservedFor ?? []
  const remaining: Consumer[] = []
  for (const consumer of consumers)
    if (await stillUses(consumer, namespace, context)) remaining.push(consumer)
  const isOurs = finalizers.includes(finalizer)
  const isUnused = remaining.length === 0
  const claims = context.api.resource(ResourceClaim)
  if (remaining.length < consumers.length) {
    const freed = { ...claim, status: { ...claim.status, reservedFor: remaining } }
    const updated = await claims.updateStatus(isUnused && isOurs ? withoutAllocation(freed) : freed)
    if (isOurs && updated.status?.allocation === undefined) await dropFinalizer(updated, context)
  } else if (isOurs && isUnused && deletionTimestamp !== undefined) {
    const isAllocated = claim.status?.allocation !== undefined
    await dropFinalizer(isAllocated ? await claims.updateStatus(withoutAllocation(claim)) : claim, context)
  }
  return remaining.length
}

/** Removes a claim that was made for a pod which will not use it any more. */
async function removeUnused(claim: Claim, { api, cache }: ReconcileContext): Promise<void> {
  const { namespace = '', name = '', ownerReferences = [] } = claim.metadata ?? {}
  const owner = ownerReferences.find(({ controller }) => controller === true)
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Pod') return
  const pod = cache.of(Pod).get(namespace, owner.name)
  // One that is gone takes its claims along, by the garbage collector.
  if (pod === undefined || (pod.metadata?.uid === owner.uid && !isPodDone(pod))) return
  try {
    await api.resource(ResourceClaim).delete(namespace, name)
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
  }
}

/** Keeps the list of a claim's consumers true. */
export async function syncClaim(claim: Claim, context: ReconcileContext): Promise<void> {
  if ((await release(claim, context)) === 0) await removeUnused(claim, context)
}
