import { claimNameOf } from '../../api/core/persistent-volume-claim/ephemeral-claim.ts'
import type { core, storage } from '../../api/generated/types/index.ts'
import { volumeLabel } from './volume-label.ts'

type Pod = core.v1.Pod

/** What volumes are looked up in. */
export interface VolumeSources {
  claim(name: string): core.v1.PersistentVolumeClaim | undefined
  volume(name: string): core.v1.PersistentVolume | undefined
  driver(name: string): storage.v1.CSIDriver | undefined
}

/** A volume as one pod uses it. */
export interface VolumeUse {
  /** Of the volume, whoever uses it. */
  readonly volume: string
  readonly label: string
  /** How files get the label: `MountOption` or `Recursive`. */
  readonly policy: string
  /** '' for others than CSI's. */
  readonly driver: string
}

export interface PodVolumes {
  readonly uses: readonly VolumeUse[]
  /** Names of volumes that the pod's own containers want with different labels. */
  readonly torn: readonly string[]
}

interface Found {
  readonly id: string
  readonly driver: string
  readonly isMountable: boolean
}

type Source = Pick<core.v1.PersistentVolumeSpec, 'csi' | 'iscsi' | 'fc' | 'nfs' | 'hostPath'>

/** Undefined for volumes that are no one's but the pod's, or of which nothing is known. */
function identify(source: Source, { driver: driverNamed }: VolumeSources): Found | undefined {
  const { csi, iscsi, fc, nfs, hostPath } = source
  if (csi !== undefined) {
    const { driver, volumeHandle } = csi
    const isMountable = driverNamed(driver)?.spec.seLinuxMount ?? false
    return { id: `csi/${driver}^${volumeHandle}`, driver, isMountable }
  }
  const found = (id: string, isMountable: boolean): Found => ({ id, driver: '', isMountable })
  if (iscsi !== undefined) return found(`iscsi/${iscsi.targetPortal}:${iscsi.iqn}:${iscsi.lun}`, true)
  if (fc !== undefined) {
    const { targetWWNs = [], lun, wwids = [] } = fc
    return found(targetWWNs.length > 0 ? `fc/${targetWWNs.join()}:${lun}` : `fc/${wwids.join()}`, true)
  }
  if (nfs !== undefined) return found(`nfs/${nfs.server}/${nfs.path}`, false)
  return hostPath === undefined ? undefined : found(`host-path/${hostPath.path}`, false)
}

/** What is behind a pod's volume; undefined also where its claim is not bound yet. */
function sourceOf(pod: Pod, volume: core.v1.Volume, sources: VolumeSources): Found | undefined {
  const claimName = claimNameOf(pod, volume)
  if (claimName === undefined) {
    const { csi: _inline, iscsi, fc, nfs, hostPath } = volume
    const source = { iscsi, fc, nfs, hostPath } as Source
    return identify(source, sources)
  }
  const claim = sources.claim(claimName)
  if (claim?.status?.phase !== 'Bound') return undefined
  const bound = sources.volume(claim.spec?.volumeName ?? '')
  if (bound?.spec === undefined || bound.spec.claimRef?.uid !== claim.metadata?.uid) return undefined
  return identify(bound.spec, sources)
}

/** The labels that containers want a volume with, by its name in the pod. */
function wantedLabels({ spec }: Pod): ReadonlyMap<string, ReadonlySet<string>> {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = spec ?? {}
  const labels = new Map<string, Set<string>>()
  for (const { volumeMounts = [], securityContext } of [
    ...initContainers,
    ...containers,
    ...ephemeralContainers,
  ]) {
    const options = securityContext?.seLinuxOptions ?? spec?.securityContext?.seLinuxOptions
    for (const { name } of volumeMounts) {
      const wanted = labels.get(name) ?? new Set()
      if (options !== undefined) wanted.add(volumeLabel(options))
      labels.set(name, wanted)
    }
  }
  return labels
}

/** The volumes of a pod that others may use as well, with the label that the node will mount them with. */
export function podVolumes(pod: Pod, sources: VolumeSources): PodVolumes {
  const asked = pod.spec?.securityContext?.seLinuxChangePolicy ?? 'MountOption'
  const labels = wantedLabels(pod)
  const uses: VolumeUse[] = []
  const torn: string[] = []
  for (const volume of pod.spec?.volumes ?? []) {
    const wanted = labels.get(volume.name)
    const source = wanted === undefined ? undefined : sourceOf(pod, volume, sources)
    if (wanted === undefined || source === undefined) continue
    if (wanted.size > 1) {
      torn.push(volume.name)
      continue
    }
    const [own = ''] = wanted
    const label = source.isMountable && asked !== 'Recursive' ? own : ''
    const policy = label === '' ? 'Recursive' : asked
    uses.push({ volume: source.id, label, policy, driver: source.driver })
  }
  return { uses, torn }
}
