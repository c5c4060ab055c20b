import { claimNameOf } from '../../../api/core/persistent-volume-claim/ephemeral-claim.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import type { core, storage } from '../../../api/generated/types/index.ts'
import { CSIDriver } from '../../../api/storage/csi-driver/kind.ts'
import { CSINode } from '../../../api/storage/csi-node/kind.ts'
import { VolumeAttachment } from '../../../api/storage/volume-attachment/kind.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import type { Plugin, PluginContext, Rejection } from '../../framework.ts'
import { inTreePluginOf } from '../../in-tree-volumes.ts'
import { notFoundText } from '../../not-found.ts'
import { hadNode } from '../../pod-info.ts'
import { AttachableVolumes, attachableVolumes } from './attachable-volumes.ts'
import { CsiVolumes, type VolumesByDriver } from './csi-volumes.ts'

/** What a pod needs, or why that cannot be told. */
type Wanted = VolumesByDriver | Rejection

const exceeded: Rejection = { resolvable: true, reasons: ['node(s) exceed max volume count'] }

const hasVolumes = (pod: core.v1.Pod): boolean => attachableVolumes(pod) > 0

/** How many volumes each driver can attach there; drivers without a limit are not in it. */
type Limits = ReadonlyMap<string, number>

function limitsOf(csiNode: storage.v1.CSINode | undefined): Limits {
  const drivers = csiNode?.spec.drivers ?? []
  return new Map(
    drivers.flatMap(({ name, allocatable }) =>
      allocatable?.count === undefined ? [] : [[name, allocatable.count] as const],
    ),
  )
}

/**
 * Whether the node's drivers can attach what a pod needs beside what is there. What is attached for no pod counts for itself even
 * where this pod needs it (upstream): it may be on its way off.
 */
function isWithinLimits(
  wanted: VolumesByDriver,
  used: VolumesByDriver,
  attached: VolumesByDriver,
  limits: Limits,
): boolean {
  const counts = new Map<string, number>()
  const count = (driver: string): void => void counts.set(driver, (counts.get(driver) ?? 0) + 1)
  for (const driver of new Map([...attached, ...used]).values()) count(driver)
  const added = [...wanted].flatMap(([volume, driver]) => (used.has(volume) ? [] : [driver]))
  for (const driver of added) count(driver)
  return added.every(
    (driver) => (counts.get(driver) ?? 0) <= (limits.get(driver) ?? Number.POSITIVE_INFINITY),
  )
}

/** The lowest limit of a driver that is needed. */
function lowestLimit(wanted: VolumesByDriver, limits: Limits): number {
  let lowest = Number.POSITIVE_INFINITY
  for (const driver of wanted.values()) lowest = Math.min(lowest, limits.get(driver) ?? lowest)
  return lowest
}

function limitGrew(now: storage.v1.CSINode | undefined, old: storage.v1.CSINode | undefined): boolean {
  const before = limitsOf(old)
  return [...limitsOf(now)].some(([driver, limit]) => limit > (before.get(driver) ?? 0))
}

/** As many volumes of a CSI driver on a node as it can attach there. */
export function nodeVolumeLimits({ informers, features, nodes }: PluginContext): Plugin {
  const csiNodes = informers.informer(CSINode).lister
  const drivers = features.enabled('VolumeLimitScaling') ? informers.informer(CSIDriver).lister : undefined
  const volumes = new CsiVolumes(informers)
  const there = new AttachableVolumes()
  nodes.observe(there)
  const known = new WeakMap<storage.v1.CSINode, Limits>()
  const limitsOn = (csiNode: storage.v1.CSINode): Limits => {
    const limits = known.get(csiNode) ?? limitsOf(csiNode)
    known.set(csiNode, limits)
    return limits
  }

  const missing = (wanted: VolumesByDriver, csiNode: storage.v1.CSINode | undefined): string | undefined => {
    for (const driver of wanted.values()) {
      if (!drivers?.get('', driver)?.spec.preventPodSchedulingIfMissing) continue
      if (!csiNode?.spec.drivers?.some(({ name }) => name === driver)) return driver
    }
    return undefined
  }

  const volumesOf = (pod: core.v1.Pod, migrated: boolean): Wanted => {
    const wanted: VolumesByDriver = new Map()
    const absent = volumes.addVolumesOf(pod, migrated, wanted)
    if (absent === undefined) return wanted
    const key = `${pod.metadata?.namespace}/${absent}`
    const reason = `looking up PVC ${key}: ${notFoundText('persistentvolumeclaim', absent)}`
    return { resolvable: false, reasons: [reason] }
  }

  return {
    name: 'NodeVolumeLimits',
    preFilter: ({ pod }) => {
      if (!hasVolumes(pod)) return { type: 'skip' }
      const wantedWhere = new Map<boolean, Wanted>()
      const wantedOf = (migrated: boolean): Wanted => {
        const known = wantedWhere.get(migrated) ?? volumesOf(pod, migrated)
        wantedWhere.set(migrated, known)
        return known
      }
      return {
        type: 'filter',
        filter: ({ name, pods }) => {
          const csiNode = csiNodes.get('', name)
          const wanted = wantedOf(csiNode !== undefined)
          if ('reasons' in wanted) return wanted
          if (wanted.size === 0) return undefined
          const driver = missing(wanted, csiNode)
          if (driver !== undefined)
            return { resolvable: true, reasons: [`${driver} CSI driver is not installed on the node`] }
          if (csiNode === undefined) return undefined
          const limits = limitsOn(csiNode)
          // No driver can have more than all volumes and attachments together: mostly nothing needs to be looked up.
          const most = wanted.size + there.on(name) + volumes.attachments(name)
          if (most <= lowestLimit(wanted, limits)) return undefined
          const used: VolumesByDriver = new Map()
          for (const { pod: other } of pods.values()) volumes.addVolumesOf(other, true, used)
          return isWithinLimits(wanted, used, volumes.attachedTo(name), limits) ? undefined : exceeded
        },
      }
    },
    events: [
      onEvent(CSINode, actions.add),
      onEvent(CSINode, actions.update, (_pod, now, old) => limitGrew(now, old)),
      onEvent(Pod, actions.delete, (_pod, _now, old) => old !== undefined && hasVolumes(old) && hadNode(old)),
      onEvent(
        PersistentVolumeClaim,
        actions.add,
        ({ pod }, claim) =>
          claim?.metadata?.namespace === pod.metadata?.namespace &&
          (pod.spec?.volumes ?? []).some((volume) => claimNameOf(pod, volume) === claim?.metadata?.name),
      ),
      onEvent(VolumeAttachment, actions.delete, ({ pod }, _now, old) =>
        (pod.spec?.volumes ?? []).some(
          (volume) =>
            volume.persistentVolumeClaim !== undefined ||
            (old !== undefined && inTreePluginOf(volume)?.driver === old.spec.attacher),
        ),
      ),
    ],
  }
}
