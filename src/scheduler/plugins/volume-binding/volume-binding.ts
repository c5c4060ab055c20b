import { Node } from '../../../api/core/node/kind.ts'
import { PersistentVolume } from '../../../api/core/persistent-volume/kind.ts'
import { storageClassOf } from '../../../api/core/persistent-volume/storage-class.ts'
import {
  claimNameOf,
  claimNamesOf,
  isClaimOfPod,
} from '../../../api/core/persistent-volume-claim/ephemeral-claim.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { CSIDriver } from '../../../api/storage/csi-driver/kind.ts'
import { CSINode } from '../../../api/storage/csi-node/kind.ts'
import { CSIStorageCapacity } from '../../../api/storage/csi-storage-capacity/kind.ts'
import { StorageClass } from '../../../api/storage/storage-class/kind.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { isFullyBound, storageOf } from '../../../reconcile/match-volume.ts'
import { actions, type EventRegistration, onEvent } from '../../cluster-event.ts'
import type { Plugin, PluginContext, PreparedFilter, Rejection } from '../../framework.ts'
import { inTreePluginOf } from '../../in-tree-volumes.ts'
import { notFoundText } from '../../not-found.ts'
import { capacityLimit, findVolumes, type PodClaims, type PodVolumes } from './find-volumes.ts'
import { type AssumedVolumes, migratedPlugins, VolumeBinder } from './volume-binder.ts'

type Claim = core.v1.PersistentVolumeClaim

export interface VolumeBindingArgs {
  /** How long PreBind waits for volumes to be bound and provisioned. */
  readonly bindTimeoutSeconds?: number
}

const refuse = (reason: string): Rejection => ({ resolvable: false, reasons: [reason] })
const size = ({ spec }: Claim): number => storageOf(spec?.resources?.requests)

/** The claim of a volume as it must be for a pod to be scheduled, or why it cannot be yet. */
function usableClaim(
  pod: core.v1.Pod,
  volume: core.v1.Volume,
  name: string,
  claim: Claim | undefined,
): Claim | string {
  const namespace = pod.metadata?.namespace
  if (claim === undefined)
    return volume.ephemeral === undefined
      ? notFoundText('persistentvolumeclaim', name)
      : `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
  if (claim.status?.phase === 'Lost')
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName}"`
  if (claim.metadata?.deletionTimestamp !== undefined)
    return `persistentvolumeclaim "${name}" is being deleted`
  if (volume.ephemeral !== undefined && !isClaimOfPod(claim, pod))
    return `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata?.name} (pod is not owner)`
  return claim
}

/** A pod's claims; undefined: it has none. */
function claimsOf(pod: core.v1.Pod, { claims, sources }: VolumeBinder): PodClaims | Rejection | undefined {
  const all: Claim[] = []
  for (const volume of pod.spec?.volumes ?? []) {
    const name = claimNameOf(pod, volume)
    if (name === undefined) continue
    const claim = usableClaim(pod, volume, name, claims.get(pod.metadata?.namespace ?? '', name))
    if (typeof claim === 'string') return refuse(claim)
    all.push(claim)
  }
  if (all.length === 0) return undefined
  const bound = all.filter(isFullyBound)
  const waiting = all.filter((claim) => !isFullyBound(claim))
  for (const claim of waiting) {
    const storageClass = sources.storageClass(claim)
    if (storageClass !== undefined && storageClass.volumeBindingMode === undefined)
      throw new Error(`VolumeBindingMode not set for StorageClass "${storageClassOf(claim)}"`)
    if (claim.spec?.volumeName || storageClass?.volumeBindingMode !== 'WaitForFirstConsumer')
      return refuse('pod has unbound immediate PersistentVolumeClaims')
  }
  return { bound, waiting: waiting.sort((one, other) => size(one) - size(other)) }
}

/** There is nothing to be done for the claims, and no node that could refuse their volumes. */
const suitAnyNode = ({ bound, waiting }: PodClaims, { sources }: VolumeBinder): boolean =>
  waiting.length === 0 &&
  bound.every(({ spec }) => {
    const volume = sources.volume(spec?.volumeName ?? '')
    return (
      volume !== undefined &&
      volume.spec?.nodeAffinity?.required === undefined &&
      inTreePluginOf(volume.spec)?.zoneLabel === undefined
    )
  })

const events: readonly EventRegistration[] = [
  onEvent(
    StorageClass,
    actions.add | actions.update,
    (_pod, now, old) =>
      old === undefined || !jsonEqual(now?.allowedTopologies ?? [], old.allowedTopologies ?? []),
  ),
  onEvent(
    PersistentVolumeClaim,
    actions.add | actions.update,
    ({ pod }, claim) =>
      claim?.metadata?.namespace === pod.metadata?.namespace &&
      claimNamesOf(pod).includes(claim?.metadata?.name ?? ''),
  ),
  onEvent(PersistentVolume, actions.add | actions.update),
  onEvent(Node, actions.add | actions.updateNodeLabel),
  onEvent(CSINode, actions.add | actions.update, (_pod, now, old) => {
    const migrated = (csiNode: typeof now): string | undefined =>
      csiNode?.metadata?.annotations?.[migratedPlugins]
    return old === undefined || migrated(now) !== migrated(old)
  }),
  onEvent(CSIDriver, actions.update, ({ pod }, now, old) => {
    const used = (pod.spec?.volumes ?? []).some(({ csi }) => csi?.driver === now?.metadata?.name)
    return used && old?.spec.storageCapacity === true && now?.spec.storageCapacity !== true
  }),
  onEvent(CSIStorageCapacity, actions.add | actions.update, (_pod, now, old) => {
    if (old === undefined || now === undefined) return true
    const [limit, before] = [capacityLimit(now), capacityLimit(old)]
    return limit !== undefined && (before === undefined || limit > before)
  }),
]

/** The points of one pod's attempt. */
function prepare(binder: VolumeBinder, claims: PodClaims): PreparedFilter {
  const byNode = new Map<string, PodVolumes>()
  let assumed: AssumedVolumes | undefined
  const isNeeded = ({ bindings, provisions }: PodVolumes): boolean => bindings.length + provisions.length > 0
  return {
    type: 'filter',
    filter: ({ name, node }) => {
      const found = findVolumes(claims, node, binder.sources)
      if ('reasons' in found) return { resolvable: false, reasons: found.reasons }
      byNode.set(name, found)
      return undefined
    },
    reserve: (_pod, node) => {
      const volumes = byNode.get(node)
      if (volumes !== undefined && isNeeded(volumes)) assumed = binder.assume(node, volumes)
      return undefined
    },
    unreserve: () => {
      if (assumed !== undefined) binder.revert(assumed)
      assumed = undefined
    },
    needsPreBind: () => assumed !== undefined,
    preBind: async (_pod, _node, signal) => {
      if (assumed !== undefined) await binder.bind(assumed, signal)
    },
  }
}

/** Volumes for a pod's claims, on the nodes where they can be (KEP-490, KEP-1472). */
export function volumeBinding(
  context: PluginContext,
  { bindTimeoutSeconds = 600 }: VolumeBindingArgs = {},
): Plugin {
  const binder = new VolumeBinder(context, bindTimeoutSeconds * 1_000)
  return {
    name: 'VolumeBinding',
    preBindsBeside: true,
    preFilter: ({ pod }) => {
      const claims = claimsOf(pod, binder)
      if (claims === undefined) return { type: 'skip' }
      if ('reasons' in claims) return { type: 'reject', rejection: claims }
      return suitAnyNode(claims, binder) ? { type: 'skip' } : prepare(binder, claims)
    },
    events,
  }
}
