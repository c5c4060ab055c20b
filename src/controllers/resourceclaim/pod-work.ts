import { isPodTerminal } from '../../api/core/pod/pod-state.ts'
import type { core, resource } from '../../api/generated/types/index.ts'
import { canBeReserved, isReservedFor, notForPod, podClaimName } from '../../api/resource/pod-claims.ts'

type Pod = core.v1.Pod
type Claim = resource.v1.ResourceClaim

/** It has ended, or was deleted before it came to a node: it will never use its claims. */
export const isPodDone = (pod: Pod): boolean =>
  isPodTerminal(pod) || (pod.metadata?.deletionTimestamp !== undefined && !pod.spec?.nodeName)

/** Whether the scheduler was passed over, so that somebody else has to reserve the claim. */
export const needsReservation = (pod: Pod, claim: Claim): boolean =>
  Boolean(pod.spec?.nodeName) &&
  claim.status?.allocation !== undefined &&
  !isReservedFor(claim, pod) &&
  canBeReserved(claim)

/** Whether there is a claim to be made or reserved for the pod. */
export function podNeedsWork(pod: Pod, claimOf: (name: string) => Claim | undefined): boolean {
  if (pod.metadata?.deletionTimestamp !== undefined || isPodDone(pod)) return false
  return (pod.spec?.resourceClaims ?? []).some((entry) => {
    const found = podClaimName(pod, entry)
    if (typeof found === 'string') return found === 'missing'
    const claim = claimOf(found.name)
    if (claim === undefined) return entry.resourceClaimTemplateName !== undefined
    if (found.isGenerated && notForPod(pod, claim) !== undefined) return false
    return needsReservation(pod, claim)
  })
}
