import type { core } from '../../generated/types/index.ts'

type Pod = core.v1.Pod

/** What the claim of a pod's generic ephemeral volume is called. */
export const ephemeralClaimName = (pod: Pod, volume: { readonly name: string }): string =>
  `${pod.metadata?.name}-${volume.name}`

/** Whether the claim was made for the pod: another one may have the name. */
export const isClaimOfPod = ({ metadata }: core.v1.PersistentVolumeClaim, pod: Pod): boolean =>
  metadata?.namespace === pod.metadata?.namespace &&
  (metadata?.ownerReferences ?? []).some(
    ({ controller, uid }) => controller === true && uid === pod.metadata?.uid,
  )

/** The claim that a volume of a pod names, or that is made for it; undefined for volumes of other kinds. */
export const claimNameOf = (pod: Pod, volume: core.v1.Volume): string | undefined =>
  volume.persistentVolumeClaim?.claimName ??
  (volume.ephemeral === undefined ? undefined : ephemeralClaimName(pod, volume))

/** The names of all claims that a pod's volumes need. */
export const claimNamesOf = (pod: Pod): readonly string[] =>
  (pod.spec?.volumes ?? []).flatMap((volume) => claimNameOf(pod, volume) ?? [])
