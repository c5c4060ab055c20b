import type { core } from '../../generated/types/index.ts'
import { podConfigMapNames, podSecretNames } from './pod-references.ts'

type Pod = core.v1.Pod

const any = (names: Iterable<string | undefined>): boolean => {
  for (const name of names) if (name) return true
  return false
}

function ofSource(source: core.v1.VolumeProjection): string | undefined {
  if (source.configMap !== undefined) return 'configmaps (via projected volumes)'
  if (source.secret !== undefined) return 'secrets (via projected volumes)'
  if (source.serviceAccountToken !== undefined) return 'serviceaccounts (via projected volumes)'
  if (source.clusterTrustBundle !== undefined) return 'clustertrustbundles'
  return source.podCertificate === undefined ? undefined : 'podcertificates'
}

function ofVolume(volume: core.v1.Volume): string | undefined {
  if (volume.configMap !== undefined) return 'configmaps (via configmap volumes)'
  if (volume.secret !== undefined) return 'secrets (via secret volumes)'
  if (volume.csi !== undefined) return 'csidrivers (via CSI volumes)'
  if (volume.glusterfs !== undefined) return 'endpoints (via glusterFS volumes)'
  if (volume.persistentVolumeClaim !== undefined) return 'persistentvolumeclaims'
  if (volume.ephemeral !== undefined) return 'persistentvolumeclaims (via ephemeral volumes)'
  if (volume.azureFile !== undefined) return 'secrets (via azureFile volumes)'
  for (const source of volume.projected?.sources ?? []) {
    const found = ofSource(source)
    if (found !== undefined) return found
  }
  return undefined
}

/** What kind of API object a pod refers to; one that comes from a file may refer to none (`HasAPIObjectReference`). */
export function apiObjectReference(pod: Pod): string | undefined {
  if (pod.spec?.serviceAccountName) return 'serviceaccounts'
  if (any(podSecretNames(pod))) return 'secrets'
  if (any(podConfigMapNames(pod))) return 'configmaps'
  if (pod.spec?.resourceClaims?.length) return 'resourceclaims'
  for (const volume of pod.spec?.volumes ?? []) {
    const found = ofVolume(volume)
    if (found !== undefined) return found
  }
  return undefined
}
