import { claimNamesOf } from '../../../api/core/persistent-volume-claim/ephemeral-claim.ts'
import {
  podConfigMapNames,
  podResourceClaimNames,
  podSecretNames,
} from '../../../api/core/pod/pod-references.ts'
import type { core } from '../../../api/generated/types/index.ts'

type Pod = core.v1.Pod

const mirrorAnnotation = 'kubernetes.io/config.mirror'

const any = (names: Iterable<string | undefined>): boolean => {
  for (const name of names) if (name !== undefined) return true
  return false
}

/** What kind of API object the pod refers to; a pod from a file has no right to any. */
function referenced(pod: Pod): string | undefined {
  if (pod.spec?.serviceAccountName) return 'serviceaccounts'
  if (any(podSecretNames(pod))) return 'secrets'
  if (any(podConfigMapNames(pod))) return 'configmaps'
  if (any(claimNamesOf(pod))) return 'persistentvolumeclaims'
  if (any(podResourceClaimNames(pod)) || pod.spec?.resourceClaims?.length) return 'resourceclaims'
  const sources = pod.spec?.volumes?.flatMap(({ projected }) => projected?.sources ?? []) ?? []
  if (sources.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)) return 'serviceaccounts'
  if (sources.some(({ clusterTrustBundle }) => clusterTrustBundle !== undefined)) return 'clustertrustbundles'
  return undefined
}

function ownerProblem(pod: Pod, node: string, nodeUid: string | undefined): string | undefined {
  const owners = pod.metadata?.ownerReferences ?? []
  const [owner] = owners
  if (owners.length > 1) {
    return `node "${node}" can only create pods with a single owner reference set to itself`
  }
  if (owner === undefined || owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    return `node "${node}" can only create pods with an owner reference set to itself`
  }
  if (owner.controller !== true) {
    return `node "${node}" can only create pods with a controller owner reference set to itself`
  }
  if (owner.blockOwnerDeletion === true) {
    return `node "${node}" must not set blockOwnerDeletion on an owner reference`
  }
  return nodeUid === undefined || owner.uid === nodeUid
    ? undefined
    : `node ${node} UID mismatch: expected ${owner.uid} got ${nodeUid}`
}

/** Why a node may not create this pod; it may only create those that mirror its own files. */
export function mirrorPodProblem(pod: Pod, node: string, nodeUid: string | undefined): string | undefined {
  if (pod.metadata?.annotations?.[mirrorAnnotation] === undefined) {
    return `pod does not have "${mirrorAnnotation}" annotation, node "${node}" can only create mirror pods`
  }
  if (pod.spec?.nodeName !== node)
    return `node "${node}" can only create pods with spec.nodeName set to itself`
  const owner = ownerProblem(pod, node, nodeUid)
  if (owner !== undefined) return owner
  const resource = referenced(pod)
  return resource === undefined ? undefined : `node "${node}" can not create pods that reference ${resource}`
}
