import { apiObjectReference } from '../../../api/core/pod/api-references.ts'
import { isMirrorPod, mirrorAnnotation } from '../../../api/core/pod/mirror-pod.ts'
import type { core } from '../../../api/generated/types/index.ts'

type Pod = core.v1.Pod

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
  if (!isMirrorPod(pod)) {
    return `pod does not have "${mirrorAnnotation}" annotation, node "${node}" can only create mirror pods`
  }
  if (pod.spec?.nodeName !== node)
    return `node "${node}" can only create pods with spec.nodeName set to itself`
  const owner = ownerProblem(pod, node, nodeUid)
  if (owner !== undefined) return owner
  const resource = apiObjectReference(pod)
  return resource === undefined ? undefined : `node "${node}" can not create pods that reference ${resource}`
}
