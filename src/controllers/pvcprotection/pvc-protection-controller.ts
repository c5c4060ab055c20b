import { claimNamesOf } from '../../api/core/persistent-volume-claim/ephemeral-claim.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { isPodTerminal } from '../../api/core/pod/pod-state.ts'
import type { core } from '../../api/generated/types/index.ts'
import {
  type AnyController,
  defineController,
  done,
  indexing,
  type ReconcileContext,
  watching,
} from '../../reconcile/controller.ts'
import { podClaimIndex, podClaimIndexers } from '../../reconcile/pod-claim-index.ts'
import { isHeldBy, lacks, protect } from '../../reconcile/protection-finalizer.ts'
import { usesClaim } from './claim-use.ts'

type Claim = core.v1.PersistentVolumeClaim

const finalizer = 'kubernetes.io/pvc-protection'

/** Claims that something has to be done about, by their namespace. */
const pendingIndex = 'needs its finalizer added or removed'

const needsWork = (claim: Claim): boolean => isHeldBy(claim, finalizer) || lacks(claim, finalizer)

const namespaceOf = ({ metadata }: Claim | core.v1.Pod): string => metadata?.namespace ?? ''

/** Whether a pod can have let go of claims: it is gone, has ended, or is on no node. */
const letsGo = (pod: core.v1.Pod | undefined, old: core.v1.Pod | undefined): boolean =>
  pod === undefined ||
  pod.metadata?.uid !== (old ?? pod).metadata?.uid ||
  isPodTerminal(pod) ||
  pod.metadata?.deletionTimestamp !== undefined ||
  (pod.spec?.nodeName ?? '') === ''

/** Asks the cache, and the server where that knows of no pod: a new one may not have been seen yet. */
function claimUse(namespace: string, { cache, api }: ReconcileContext): (claim: Claim) => Promise<boolean> {
  let live: Promise<readonly core.v1.Pod[]> | undefined
  return async (claim) => {
    const key = `${namespace}/${claim.metadata?.name}`
    if (
      cache
        .of(Pod)
        .byIndex(podClaimIndex, key)
        .some((pod) => usesClaim(pod, claim))
    )
      return true
    // One list for all claims of the namespace that go together.
    live ??= api
      .resource(Pod)
      .list({ namespace })
      .then(({ items }) => items)
    return (await live).some((pod) => usesClaim(pod, claim))
  }
}

/** A claim that a pod on a node uses stays until none does. Keys are namespaces. */
export const pvcProtectionController: AnyController = defineController({
  name: 'persistentvolumeclaim-protection',
  watches: [
    watching({
      kind: PersistentVolumeClaim,
      when: (claim) => claim !== undefined && needsWork(claim),
      keys: (claim) => [namespaceOf(claim)],
    }),
    watching({
      kind: Pod,
      when: letsGo,
      keys: (pod, { cache }) => {
        const namespace = namespaceOf(pod)
        if (claimNamesOf(pod).length === 0) return []
        return cache.of(PersistentVolumeClaim).countByIndex(pendingIndex, namespace) > 0 ? [namespace] : []
      },
    }),
  ],
  indexers: [
    indexing(Pod, podClaimIndexers),
    indexing(PersistentVolumeClaim, {
      [pendingIndex]: (claim) => (needsWork(claim) ? [namespaceOf(claim)] : []),
    }),
  ],
  permissions: [
    { group: '', resources: ['persistentvolumeclaims'], verbs: ['get', 'update'] },
    { group: '', resources: ['pods'], verbs: ['list'] },
  ],
  workers: 1,
  reconcile: async (namespace, context) => {
    const isUsed = claimUse(namespace, context)
    const claims = context.cache.of(PersistentVolumeClaim).byIndex(pendingIndex, namespace)
    const results = await Promise.allSettled(
      claims.map((claim) => protect(PersistentVolumeClaim, claim, finalizer, () => isUsed(claim), context)),
    )
    for (const result of results) if (result.status === 'rejected') throw result.reason
    return done
  },
})
