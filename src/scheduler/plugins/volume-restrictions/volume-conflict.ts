import type { core } from '../../../api/generated/types/index.ts'

type Volume = core.v1.Volume

/** Volumes of these kinds may be bound to one pod. */
export const mayConflict = ({ gcePersistentDisk, awsElasticBlockStore, rbd, iscsi }: Volume): boolean =>
  (gcePersistentDisk ?? awsElasticBlockStore ?? rbd ?? iscsi) !== undefined

const bothRead = (one: { readonly readOnly?: boolean }, other: { readonly readOnly?: boolean }): boolean =>
  one.readOnly === true && other.readOnly === true

/** Two pods cannot have these on one node. Unless both only read, where the kind allows that. */
export function volumesConflict(one: Volume, other: Volume): boolean {
  const [gce, itsGce] = [one.gcePersistentDisk, other.gcePersistentDisk]
  if (gce && itsGce && gce.pdName === itsGce.pdName && !bothRead(gce, itsGce)) return true
  const [ebs, itsEbs] = [one.awsElasticBlockStore, other.awsElasticBlockStore]
  if (ebs && itsEbs && ebs.volumeID === itsEbs.volumeID) return true
  const [iscsi, itsIscsi] = [one.iscsi, other.iscsi]
  if (iscsi && itsIscsi && iscsi.iqn === itsIscsi.iqn && !bothRead(iscsi, itsIscsi)) return true
  const [rbd, itsRbd] = [one.rbd, other.rbd]
  if (!rbd || !itsRbd || rbd.pool !== itsRbd.pool || rbd.image !== itsRbd.image) return false
  return rbd.monitors.some((monitor) => itsRbd.monitors.includes(monitor)) && !bothRead(rbd, itsRbd)
}

export const podsConflict = (volumes: readonly Volume[], pod: core.v1.Pod): boolean =>
  (pod.spec?.volumes ?? []).some((other) => volumes.some((one) => volumesConflict(one, other)))
