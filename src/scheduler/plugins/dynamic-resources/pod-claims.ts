import type { core, resource } from '../../../api/generated/types/index.ts'
import { notForPod, podClaimName } from '../../../api/resource/pod-claims.ts'
import { notFoundText } from '../../not-found.ts'

/** A pod's claims as they are, or why they cannot be looked at yet, in upstream's words. */
export function claimsOfPod(
  pod: core.v1.Pod,
  find: (namespace: string, name: string) => resource.v1.ResourceClaim | undefined,
): readonly resource.v1.ResourceClaim[] | string {
  const { namespace = '', name: podName } = pod.metadata ?? {}
  const claims: resource.v1.ResourceClaim[] = []
  for (const entry of pod.spec?.resourceClaims ?? []) {
    const found = podClaimName(pod, entry)
    if (found === 'unneeded') continue
    if (found === 'missing') return `pod "${namespace}/${podName}": ResourceClaim not created yet`
    const claim = find(namespace, found.name)
    if (claim === undefined) return notFoundText('resourceclaim.resource.k8s.io', found.name)
    if (claim.metadata?.deletionTimestamp !== undefined)
      return `resourceclaim "${found.name}" is being deleted`
    const foreign = found.isGenerated ? notForPod(pod, claim) : undefined
    if (foreign !== undefined) return foreign
    claims.push(claim)
  }
  return claims
}
