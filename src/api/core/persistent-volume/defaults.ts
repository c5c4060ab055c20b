import { fill, fillUnset, set } from '../../defaulting.ts'
import type { core } from '../../generated/types/index.ts'
import {
  azureDiskDefaults,
  defaultHostPath,
  iscsiDefaults,
  rbdDefaults,
  scaleIoDefaults,
} from '../pod/defaults/volume-defaults.ts'

type Spec = core.v1.PersistentVolumeSpec

function defaultSource(spec: Spec): Spec {
  const { hostPath, iscsi, rbd, azureDisk, scaleIO } = spec
  if (hostPath !== undefined) return set(spec, 'hostPath', defaultHostPath(hostPath))
  if (iscsi !== undefined) return set(spec, 'iscsi', fill(iscsi, iscsiDefaults))
  if (rbd !== undefined) return set(spec, 'rbd', fill(rbd, rbdDefaults))
  if (azureDisk !== undefined) return set(spec, 'azureDisk', fillUnset(azureDisk, azureDiskDefaults))
  if (scaleIO !== undefined) return set(spec, 'scaleIO', fill(scaleIO, scaleIoDefaults))
  return spec
}

export function defaultPersistentVolume(volume: core.v1.PersistentVolume): core.v1.PersistentVolume {
  const next = set(volume, 'status', fill(volume.status ?? {}, { phase: 'Pending' }))
  const reclaimed = fill(volume.spec ?? {}, { persistentVolumeReclaimPolicy: 'Retain' })
  const spec = fillUnset(reclaimed, { volumeMode: 'Filesystem' })
  return set(next, 'spec', defaultSource(spec))
}
