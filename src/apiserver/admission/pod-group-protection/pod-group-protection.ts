import type { AdmissionPlugin } from '../../admission.ts'
import { matches } from '../matches.ts'
import { withFinalizer } from '../with-finalizer.ts'

/** Groups of pods stay until the protection controller finds that none of their pods is at work. Behind the gate GenericWorkload. */
export const podGroupProtection: AdmissionPlugin = {
  name: 'PodGroupProtection',
  handles: matches({ operations: ['CREATE'], resources: ['podgroups.scheduling.k8s.io'] }),
  mutate: (_, group) => withFinalizer(group, 'scheduling.k8s.io/podgroup-protection'),
}
