import type { core, resource } from '../generated/types/index.ts'

type Pod = core.v1.Pod
type PodClaim = core.v1.PodResourceClaim
type Claim = resource.v1.ResourceClaim

/** Who is behind what a pod calls a claim. */
export type PodClaimName =
  /** `isGenerated`: it has to belong to the pod. */
  | { readonly name: string; readonly isGenerated: boolean }
  /** It is not made yet. */
  | 'missing'
  /** It was found that the pod does not need one. */
  | 'unneeded'

/** The ResourceClaim that a pod's entry names, or that was made for it. */
export function podClaimName({ status }: Pod, entry: PodClaim): PodClaimName {
  if (entry.resourceClaimName !== undefined) return { name: entry.resourceClaimName, isGenerated: false }
  const made = status?.resourceClaimStatuses?.find(({ name }) => name === entry.name)
  if (made === undefined) return 'missing'
  return made.resourceClaimName === undefined
    ? 'unneeded'
    : { name: made.resourceClaimName, isGenerated: true }
}

/** The names of all claims of a pod that are there or should be, also of the one for its extended resources. */
export function podClaimNames(pod: Pod): readonly string[] {
  const named = (pod.spec?.resourceClaims ?? []).flatMap((entry) => {
    const found = podClaimName(pod, entry)
    return typeof found === 'string' ? [] : [found.name]
  })
  const extended = pod.status?.extendedResourceClaimStatus?.resourceClaimName
  return extended === undefined ? named : [...named, extended]
}

/** Why a claim is not the one that was made for the pod. */
export function notForPod(pod: Pod, claim: Claim): string | undefined {
  const { namespace, name, ownerReferences = [] } = claim.metadata ?? {}
  const isOwner = ownerReferences.some(
    ({ controller, uid }) => controller === true && uid === pod.metadata?.uid,
  )
  return isOwner
    ? undefined
    : `ResourceClaim ${namespace}/${name} was not created for Pod ${pod.metadata?.namespace}/${pod.metadata?.name} (Pod is not owner)`
}

/** Consumers that one claim may have. */
const maxConsumers = 256

export const isReservedFor = ({ status }: Claim, { metadata }: Pod): boolean =>
  (status?.reservedFor ?? []).some(({ uid }) => uid === metadata?.uid)

export const canBeReserved = ({ status }: Claim): boolean => (status?.reservedFor ?? []).length < maxConsumers
