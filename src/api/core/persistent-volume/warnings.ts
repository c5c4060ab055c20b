import type { core } from '../../generated/types/index.ts'
import { nodeSelectorTermWarnings } from '../node/deprecated-labels.ts'
import { classAnnotation } from './storage-class.ts'

const oldAnnotations: readonly (readonly [string, string])[] = [
  [classAnnotation, 'deprecated since v1.8; use "storageClassName" attribute instead'],
  ['volume.beta.kubernetes.io/mount-options', 'deprecated since v1.31; use "mountOptions" attribute instead'],
]

const oldSources: readonly (readonly [keyof core.v1.PersistentVolumeSpec, string, string])[] = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
]

export function volumeWarnings({ metadata, spec = {} }: core.v1.PersistentVolume): readonly string[] {
  const warnings: string[] = []
  for (const [key, message] of oldAnnotations)
    if (key in (metadata?.annotations ?? {})) warnings.push(`metadata.annotations[${key}]: ${message}`)
  if (spec.persistentVolumeReclaimPolicy === 'Recycle')
    warnings.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    )
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms
  warnings.push(...nodeSelectorTermWarnings(terms, 'spec.nodeAffinity.required.nodeSelectorTerms'))
  for (const [source, field, message] of oldSources)
    if (spec[source] !== undefined) warnings.push(`spec.${field}: ${message}`)
  return warnings
}
