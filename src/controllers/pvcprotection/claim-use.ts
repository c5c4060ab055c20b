import { ephemeralClaimName, isClaimOfPod } from '../../api/core/persistent-volume-claim/ephemeral-claim.ts'
import type { core } from '../../api/generated/types/index.ts'

type Pod = core.v1.Pod
type Claim = core.v1.PersistentVolumeClaim

/** The kubelet is done with it, or it was deleted by force: only finalizers keep it. */
const isShutDown = ({ metadata }: Pod): boolean =>
  metadata?.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0

/**
 * Whether the pod keeps the claim. One that is on no node does not: no kubelet starts a pod whose claim is to go.
 * One that is shut down does not keep the claims that were made for it, since its finalizers may wait for them.
 */
export function usesClaim(pod: Pod, claim: Claim): boolean {
  const { nodeName = '', volumes = [] } = pod.spec ?? {}
  if (nodeName === '') return false
  const { name } = claim.metadata ?? {}
  return volumes.some(
    (volume) =>
      volume.persistentVolumeClaim?.claimName === name ||
      (volume.ephemeral !== undefined &&
        !isShutDown(pod) &&
        ephemeralClaimName(pod, volume) === name &&
        isClaimOfPod(claim, pod)),
  )
}
