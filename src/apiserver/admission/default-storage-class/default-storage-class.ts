import type { core, storage } from '../../../api/generated/types/index.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { timeMs } from '../../../apimachinery/time.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { matches } from '../matches.ts'

type Claim = core.v1.PersistentVolumeClaim
type StorageClass = storage.v1.StorageClass

const defaultAnnotation = 'storageclass.kubernetes.io/is-default-class'
const betaDefaultAnnotation = 'storageclass.beta.kubernetes.io/is-default-class'
const betaClassAnnotation = 'volume.beta.kubernetes.io/storage-class'

const isDefault = ({ metadata }: StorageClass): boolean =>
  metadata?.annotations?.[defaultAnnotation] === 'true' ||
  metadata?.annotations?.[betaDefaultAnnotation] === 'true'

const createdMs = ({ metadata }: StorageClass): number => timeMs(metadata?.creationTimestamp ?? '')

/** Of several defaults the newest counts, of equally new ones the first by name. */
const newest = (a: StorageClass, b: StorageClass): number =>
  createdMs(b) - createdMs(a) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1)

/** A claim that names no class gets the default one; '' is a class, too: none. */
export function defaultStorageClass(reader: ObjectReader): AdmissionPlugin {
  const classes = typedReader<StorageClass>(reader, { group: 'storage.k8s.io', resource: 'storageclasses' })
  return {
    name: 'DefaultStorageClass',
    handles: matches({ operations: ['CREATE'], resources: ['persistentvolumeclaims'] }),
    mutate: (_attributes, object): KubernetesObject => {
      const claim = object as Claim
      const named = claim.metadata?.annotations?.[betaClassAnnotation] ?? claim.spec?.storageClassName
      if (named !== undefined) return object
      const [found] = classes.list().filter(isDefault).toSorted(newest)
      const storageClassName = found?.metadata?.name
      if (storageClassName === undefined) return object
      const classed: Claim = { ...claim, spec: { ...claim.spec, storageClassName } }
      return classed
    },
  }
}
