import { storageClassOf } from '../../../api/core/persistent-volume/storage-class.ts'
import type { core, storage } from '../../../api/generated/types/index.ts'
import { compareQuantities } from '../../../apimachinery/quantity.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'

type Claim = core.v1.PersistentVolumeClaim

const sizeOf = ({ spec }: Claim): string => spec?.resources?.requests?.['storage'] ?? '0'

/** A claim grows only when it is bound and its storage class lets it. */
export function persistentVolumeClaimResize(reader: ObjectReader): AdmissionPlugin {
  const classes = typedReader<storage.v1.StorageClass>(reader, {
    group: 'storage.k8s.io',
    resource: 'storageclasses',
  })
  return {
    name: 'PersistentVolumeClaimResize',
    handles: matches({ operations: ['UPDATE'], resources: ['persistentvolumeclaims'] }),
    validate: (attributes) => {
      const claim = attributes.object as Claim
      const old = attributes.oldObject as Claim
      if (compareQuantities(sizeOf(claim), sizeOf(old)) <= 0) return
      if (old.status?.phase !== 'Bound')
        throw refuse(attributes, 'Only bound persistent volume claims can be expanded')
      const name = storageClassOf(claim)
      const isSame = name !== '' && name === storageClassOf(old)
      if (!isSame || classes.get('', name)?.allowVolumeExpansion !== true)
        throw refuse(
          attributes,
          'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
        )
    },
  }
}
