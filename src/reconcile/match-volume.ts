import { storageClassOf } from '../api/core/persistent-volume/storage-class.ts'
import { matchesNodeSelector } from '../api/core/pod/node-affinity.ts'
import type { core } from '../api/generated/types/index.ts'
import { quantityUnits } from '../apimachinery/quantity.ts'
import { validLabelMatcher } from '../apimachinery/selectors/label-selector.ts'

type Claim = core.v1.PersistentVolumeClaim
type Volume = core.v1.PersistentVolume

const boundByControllerAnnotation = 'pv.kubernetes.io/bound-by-controller'
const bindCompletedAnnotation = 'pv.kubernetes.io/bind-completed'
/** Where a claim's volume shall be provisioned, as the scheduler has chosen. */
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node'
/** The provisioner of classes whose volumes are made by hand. */
export const noProvisioner = 'kubernetes.io/no-provisioner'

/** Bytes; 0 where nothing is said. */
export const storageOf = (amounts: { readonly [name: string]: string } | undefined): number =>
  amounts?.['storage'] === undefined ? 0 : quantityUnits(amounts['storage'])

/** Whether a volume is the claim's, or reserved for it by name. */
function isBoundTo({ spec }: Volume, { metadata }: Claim): boolean {
  const reference = spec?.claimRef
  if (reference === undefined) return false
  if (reference.name !== metadata?.name || reference.namespace !== metadata?.namespace) return false
  return !reference.uid || reference.uid === metadata?.uid
}

/** A volume without node affinity can be used everywhere. */
export function canUseVolume({ spec }: Volume, node: core.v1.Node): boolean {
  const required = spec?.nodeAffinity?.required
  return required === undefined || matchesNodeSelector(required, node)
}

function fits(volume: Volume, claim: Claim): boolean {
  const mode = ({ spec }: Volume | Claim): string => spec?.volumeMode ?? 'Filesystem'
  return (
    (volume.spec?.claimRef === undefined || isBoundTo(volume, claim)) &&
    storageOf(volume.spec?.capacity) >= storageOf(claim.spec?.resources?.requests) &&
    mode(volume) === mode(claim) &&
    (volume.spec?.volumeAttributesClassName ?? '') === (claim.spec?.volumeAttributesClassName ?? '') &&
    volume.metadata?.deletionTimestamp === undefined
  )
}

function isFreeFor(volume: Volume, claim: Claim): boolean {
  const modes = volume.spec?.accessModes ?? []
  return (
    volume.status?.phase === 'Available' &&
    (claim.spec?.selector === undefined ||
      validLabelMatcher(claim.spec.selector).matches(volume.metadata?.labels)) &&
    storageClassOf(volume) === storageClassOf(claim) &&
    (claim.spec?.accessModes ?? []).every((mode) => modes.includes(mode))
  )
}

/**
 * The volume for a claim whose pod shall run on a node: the one that is reserved for the claim, else the smallest that
 * is free and big enough. Upstream's FindMatchingVolume.
 */
export function matchVolume(
  claim: Claim,
  volumes: readonly Volume[],
  node: core.v1.Node,
  taken: ReadonlySet<string>,
): Volume | undefined {
  let smallest: Volume | undefined
  for (const volume of volumes) {
    if (taken.has(volume.metadata?.name ?? '') || !fits(volume, claim)) continue
    if (isBoundTo(volume, claim)) return canUseVolume(volume, node) ? volume : undefined
    if (!isFreeFor(volume, claim) || !canUseVolume(volume, node)) continue
    if (smallest === undefined || storageOf(volume.spec?.capacity) < storageOf(smallest.spec?.capacity))
      smallest = volume
  }
  return smallest
}

/** The volume as it says that it is the claim's. */
export function volumeForClaim(volume: Volume, claim: Claim): Volume {
  const { namespace = '', name = '', uid, resourceVersion } = claim.metadata ?? {}
  const reserved = isBoundTo(volume, claim)
  const exact = reserved && volume.spec?.claimRef?.uid === uid
  const claimRef = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name },
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
  return {
    ...volume,
    metadata: {
      ...volume.metadata,
      ...(reserved
        ? {}
        : { annotations: { ...volume.metadata?.annotations, [boundByControllerAnnotation]: 'yes' } }),
    },
    ...(volume.spec === undefined ? {} : { spec: exact ? volume.spec : { ...volume.spec, claimRef } }),
  }
}

/** The binding is finished from both sides. */
export const isFullyBound = ({ metadata, spec }: Claim): boolean =>
  Boolean(spec?.volumeName) && metadata?.annotations?.[bindCompletedAnnotation] !== undefined
