import type { AdmissionPlugin } from '../../admission.ts'
import { matches } from '../matches.ts'
import { withFinalizer } from '../with-finalizer.ts'

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  volumeattributesclasses: 'kubernetes.io/vac-protection',
}

/** Volumes and claims stay until the protection controllers find that nobody uses them. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  handles: matches({
    operations: ['CREATE'],
    resources: ['persistentvolumes', 'persistentvolumeclaims', 'volumeattributesclasses.storage.k8s.io'],
  }),
  mutate: ({ resource }, object) => withFinalizer(object, finalizers[resource.resource] ?? ''),
}
