import { claimNameOf } from '../../../api/core/persistent-volume-claim/ephemeral-claim.ts'
import type { core, storage } from '../../../api/generated/types/index.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'

type Pod = core.v1.Pod
type Volume = core.v1.Volume

/** The storage driver behind a volume, where one is known. */
function driverOf(reader: ObjectReader, pod: Pod, volume: Volume): string | undefined {
  if (volume.csi !== undefined) return volume.csi.driver
  const claim = claimNameOf(pod, volume)
  if (claim === undefined) return undefined
  const claims = typedReader<core.v1.PersistentVolumeClaim>(reader, {
    group: '',
    resource: 'persistentvolumeclaims',
  })
  const volumes = typedReader<core.v1.PersistentVolume>(reader, { group: '', resource: 'persistentvolumes' })
  const name = claims.get(pod.metadata?.namespace ?? '', claim)?.spec?.volumeName ?? ''
  return volumes.get('', name)?.spec?.csi?.driver
}

/** Whether something in a pod needs a token for that audience: a projected volume, or a storage driver that asks for one. */
export function podUsesAudience(reader: ObjectReader, pod: Pod, audience: string): boolean {
  const drivers = typedReader<storage.v1.CSIDriver>(reader, {
    group: 'storage.k8s.io',
    resource: 'csidrivers',
  })
  return (pod.spec?.volumes ?? []).some((volume) => {
    const projects = volume.projected?.sources?.some(
      ({ serviceAccountToken }) =>
        serviceAccountToken !== undefined && (serviceAccountToken.audience ?? '') === audience,
    )
    if (projects) return true
    const driver = driverOf(reader, pod, volume)
    if (driver === undefined) return false
    return (
      drivers.get('', driver)?.spec.tokenRequests?.some((request) => request.audience === audience) === true
    )
  })
}
