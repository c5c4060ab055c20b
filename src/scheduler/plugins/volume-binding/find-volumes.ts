import type { core, storage } from '../../../api/generated/types/index.ts'
import { quantityUnits } from '../../../apimachinery/quantity.ts'
import { validLabelMatcher } from '../../../apimachinery/selectors/label-selector.ts'
import {
  matchVolume,
  noProvisioner,
  selectedNodeAnnotation,
  storageOf,
} from '../../../reconcile/match-volume.ts'

type Claim = core.v1.PersistentVolumeClaim
type Volume = core.v1.PersistentVolume

/** A pod's claims, by what is to be done for them. */
export interface PodClaims {
  readonly bound: readonly Claim[]
  /** They wait for their pod; smallest first. */
  readonly waiting: readonly Claim[]
}

/** Looks up what decisions stand on. */
export interface VolumeSources {
  readonly volume: (name: string) => Volume | undefined
  readonly volumesOf: (storageClass: string) => readonly Volume[]
  readonly storageClass: (claim: Claim) => storage.v1.StorageClass | undefined
  readonly driver: (name: string) => storage.v1.CSIDriver | undefined
  /** Whether nothing that a bound volume asks of nodes keeps it from this one. */
  readonly canUse: (volume: Volume, node: core.v1.Node) => boolean
  readonly capacities: () => readonly storage.v1.CSIStorageCapacity[]
}

/** What a pod's claims need on a node. */
export interface PodVolumes {
  readonly bindings: readonly { readonly claim: Claim; readonly volume: Volume }[]
  readonly provisions: readonly Claim[]
}

const reasons = {
  elsewhere: "node(s) didn't match PersistentVolume's node affinity",
  none: "node(s) didn't find available persistent volumes to bind",
  full: 'node(s) did not have enough free storage',
  lost: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
}

/** The biggest volume that can be made there; undefined: nothing is known. */
export const capacityLimit = ({
  maximumVolumeSize,
  capacity,
}: storage.v1.CSIStorageCapacity): number | undefined => {
  const limit = maximumVolumeSize ?? capacity
  return limit === undefined ? undefined : quantityUnits(limit)
}

function hasCapacity(
  claim: Claim,
  { provisioner, metadata }: storage.v1.StorageClass,
  node: core.v1.Node,
  sources: VolumeSources,
): boolean {
  if (claim.spec?.resources?.requests?.['storage'] === undefined) return true
  if (!sources.driver(provisioner)?.spec.storageCapacity) return true
  const wanted = storageOf(claim.spec.resources.requests)
  return sources.capacities().some((capacity) => {
    if (capacity.storageClassName !== metadata?.name || capacity.nodeTopology === undefined) return false
    const limit = capacityLimit(capacity)
    return (
      limit !== undefined &&
      limit >= wanted &&
      validLabelMatcher(capacity.nodeTopology).matches(node.metadata?.labels)
    )
  })
}

const allows = ({ allowedTopologies = [] }: storage.v1.StorageClass, node: core.v1.Node): boolean =>
  allowedTopologies.length === 0 ||
  allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(node.metadata?.labels?.[key] ?? '')),
  )

/** Why no volume can be made for the claim on the node. */
function cannotProvision(claim: Claim, node: core.v1.Node, sources: VolumeSources): string | undefined {
  const storageClass = sources.storageClass(claim)
  if (storageClass === undefined) {
    const { namespace, name } = claim.metadata ?? {}
    throw new Error(`no class for claim "${namespace}/${name}"`)
  }
  if (!storageClass.provisioner || storageClass.provisioner === noProvisioner) return reasons.none
  if (!allows(storageClass, node)) return reasons.none
  return hasCapacity(claim, storageClass, node, sources) ? undefined : reasons.full
}

function boundElsewhere(
  claims: readonly Claim[],
  node: core.v1.Node,
  sources: VolumeSources,
): string | undefined {
  for (const { spec } of claims) {
    const volume = sources.volume(spec?.volumeName ?? '')
    if (volume === undefined) return reasons.lost
    if (!sources.canUse(volume, node)) return reasons.elsewhere
  }
  return undefined
}

/** What to bind and provision for a pod on a node, or why it cannot run there, in upstream's words. */
export function findVolumes(
  { bound, waiting }: PodClaims,
  node: core.v1.Node,
  sources: VolumeSources,
): PodVolumes | { readonly reasons: readonly string[] } {
  const refusals: string[] = []
  const elsewhere = boundElsewhere(bound, node, sources)
  if (elsewhere === reasons.elsewhere) refusals.push(elsewhere)
  const bindings: { claim: Claim; volume: Volume }[] = []
  const provisions: Claim[] = []
  const taken = new Set<string>()
  const unplaced: Claim[] = []
  let refusal: string | undefined
  for (const claim of waiting) {
    const selected = claim.metadata?.annotations?.[selectedNodeAnnotation]
    if (selected === undefined) unplaced.push(claim)
    else if (selected === node.metadata?.name) provisions.push(claim)
    else refusal = reasons.none
  }
  if (refusal === undefined) {
    for (const claim of unplaced) {
      const volume = matchVolume(claim, sources.volumesOf(classNameOf(claim, sources)), node, taken)
      if (volume === undefined) provisions.push(claim)
      else {
        bindings.push({ claim, volume })
        taken.add(volume.metadata?.name ?? '')
      }
    }
    for (const claim of provisions) refusal ??= cannotProvision(claim, node, sources)
  }
  if (refusal !== undefined) refusals.push(refusal)
  if (elsewhere === reasons.lost) refusals.push(elsewhere)
  return refusals.length > 0 ? { reasons: refusals } : { bindings, provisions }
}

const classNameOf = (claim: Claim, sources: VolumeSources): string =>
  sources.storageClass(claim)?.metadata?.name ?? ''
