import type { core } from '../../generated/types/index.ts'

/** The VolumeAttributesClasses that a claim has, wants or is getting. */
export function attributeClassesOf({ spec, status }: core.v1.PersistentVolumeClaim): readonly string[] {
  const names = [
    spec?.volumeAttributesClassName ?? '',
    status?.currentVolumeAttributesClassName ?? '',
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName ?? '',
  ]
  return [...new Set(names.filter((name) => name !== ''))].sort()
}
