import type { apps, core } from '../../api/generated/types/index.ts'
import type { OwnerReference } from '../../apimachinery/meta.ts'
import { isWanted, ordinalOf } from './ordinals.ts'

type StatefulSet = apps.v1.StatefulSet
type Claim = core.v1.PersistentVolumeClaim
type Pod = core.v1.Pod

/** `data-web-0` */
export const claimName = (set: StatefulSet, template: Claim, ordinal: number): string =>
  `${template.metadata?.name}-${set.metadata?.name}-${ordinal}`

/** The claims of one pod as the set's templates make them. */
export function claimsFor(set: StatefulSet, ordinal: number): readonly Claim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    metadata: {
      ...template.metadata,
      name: claimName(set, template, ordinal),
      namespace: set.metadata?.namespace ?? '',
      labels: { ...template.metadata?.labels, ...set.spec?.selector.matchLabels },
    },
  }))
}

interface Policy {
  readonly whenDeleted: string
  readonly whenScaled: string
}

function policyOf({ spec }: StatefulSet): Policy {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = spec?.persistentVolumeClaimRetentionPolicy ?? {}
  return { whenDeleted, whenScaled }
}

const refersToSet = (reference: OwnerReference, set: StatefulSet): boolean =>
  reference.apiVersion === 'apps/v1' &&
  reference.kind === 'StatefulSet' &&
  reference.name === set.metadata?.name

const refersToPod = (reference: OwnerReference, pod: Pod): boolean =>
  reference.apiVersion === 'v1' && reference.kind === 'Pod' && reference.name === pod.metadata?.name

/** Owned by a set or pod of that name that is no more: such claims are the garbage collector's. */
const isStale = (references: readonly OwnerReference[], set: StatefulSet, pod: Pod): boolean =>
  references.some(
    (each) =>
      (refersToSet(each, set) && each.uid !== set.metadata?.uid) ||
      (refersToPod(each, pod) && each.uid !== pod.metadata?.uid),
  )

/** Whether a claim that waits to be collected stands in the way of a new pod. */
export function blocksPod(set: StatefulSet, claim: Claim, pod: Pod): boolean {
  if (policyOf(set).whenScaled === 'Retain') return false
  return (claim.metadata?.ownerReferences ?? []).some(
    (each) => refersToPod(each, pod) && each.uid !== pod.metadata?.uid,
  )
}

/** Somebody else manages the claim: the policy is not applied to it. */
export function hasForeignController(set: StatefulSet, claim: Claim, pod: Pod): boolean {
  const { whenDeleted, whenScaled } = policyOf(set)
  if (whenDeleted === 'Retain' && whenScaled === 'Retain') return false
  const references = claim.metadata?.ownerReferences ?? []
  return (
    isStale(references, set, pod) ||
    references.some((each) => each.controller === true && !refersToSet(each, set) && !refersToPod(each, pod))
  )
}

const isController = ({ controller }: OwnerReference): boolean => controller ?? false

const owner = (apiVersion: string, kind: string, object: StatefulSet | Pod): OwnerReference => ({
  apiVersion,
  kind,
  name: object.metadata?.name ?? '',
  uid: object.metadata?.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
})

/**
 * Who owns a claim by the set's retention policy (KEP-1847): the pod once it is scaled away and claims go with scaling, the
 * set while claims go with it. Undefined: it is right already, or not to be touched.
 */
export function claimOwners(set: StatefulSet, claim: Claim, pod: Pod): readonly OwnerReference[] | undefined {
  const references = claim.metadata?.ownerReferences ?? []
  if (isStale(references, set, pod)) return undefined
  const others = references.filter((each) => !refersToSet(each, set) && !refersToPod(each, pod))
  if (hasForeignController(set, claim, pod)) return others.length === references.length ? undefined : others
  const { whenDeleted, whenScaled } = policyOf(set)
  const isScaledAway = !isWanted(set, ordinalOf(set, pod) ?? -1)
  const byPod = whenScaled === 'Delete' && isScaledAway
  const bySet = whenDeleted === 'Delete' && !byPod
  const wanted = [
    ...others,
    ...(bySet ? [owner('apps/v1', 'StatefulSet', set)] : []),
    ...(byPod ? [owner('v1', 'Pod', pod)] : []),
  ]
  const same =
    wanted.length === references.length &&
    wanted.every((each) =>
      references.some((present) => present.uid === each.uid && isController(present) === isController(each)),
    )
  return same ? undefined : wanted
}
