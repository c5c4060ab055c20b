import { isMirrorPod } from '../../../api/core/pod/mirror-pod.ts'
import type { certificates, core } from '../../../api/generated/types/index.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import type { AdmissionAttributes } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'

/** May be mended by another attempt, once the caches are in step: no refusal. */
function found<T extends KubernetesObject>(
  object: T | undefined,
  what: string,
  name: string,
  plural: string,
): T {
  if (object !== undefined) return object
  const own = name.slice(name.indexOf('/') + 1)
  throw new Error(
    `while retrieving ${what} ${goQuote(name)} named in the PodCertificateRequest: ${plural} ${goQuote(own)} not found`,
  )
}

/** A node asks for certificates of pods that run on it, as who they are, and of no others. Gives why not. */
export function certificateRequestProblem(
  { operation, subresource, namespace, object }: AdmissionAttributes,
  node: string,
  reader: ObjectReader,
): string | undefined {
  if (operation !== 'CREATE') return `unexpected operation ${operation}`
  if (subresource !== '') return `unexpected subresource ${subresource}`
  const { spec } = object as certificates.v1beta1.PodCertificateRequest
  const of = `PodCertificateRequest for pod ${goQuote(`${namespace}/${spec.podName}`)}`
  if (spec.nodeName !== node)
    return `PodCertificateRequest.Spec.NodeName=${goQuote(spec.nodeName)}, which is not the requesting node ${goQuote(node)}`
  const nodes = typedReader<core.v1.Node>(reader, { group: '', resource: 'nodes' })
  const { uid: nodeUid = '' } = found(nodes.get('', node), 'node', node, 'node').metadata ?? {}
  if (nodeUid !== spec.nodeUID)
    throw new Error(
      `${of} names node UID ${goQuote(spec.nodeUID)}, inconsistent with the running node (${goQuote(nodeUid)})`,
    )
  const pods = typedReader<core.v1.Pod>(reader, { group: '', resource: 'pods' })
  const podName = `${namespace}/${spec.podName}`
  const pod = found(pods.get(namespace, spec.podName), 'pod', podName, 'pod')
  const podUid = pod.metadata?.uid ?? ''
  if (podUid !== spec.podUID)
    throw new Error(
      `${of} contains pod UID (${goQuote(spec.podUID)}) which differs from running pod ${goQuote(podUid)}`,
    )
  if (pod.spec?.nodeName !== node)
    return `pod ${goQuote(podName)} is not running on node ${goQuote(node)} named in the PodCertificateRequest`
  if (isMirrorPod(pod)) return `pod ${goQuote(podName)} is a mirror pod`
  const account = spec.serviceAccountName
  const own = pod.spec.serviceAccountName ?? ''
  if (account !== own)
    return `${of} contains serviceAccountName (${goQuote(account)}) that differs from running pod (${goQuote(own)})`
  const accounts = typedReader<core.v1.ServiceAccount>(reader, { group: '', resource: 'serviceaccounts' })
  const { uid: accountUid = '' } =
    found(accounts.get(namespace, account), 'service account', `${namespace}/${account}`, 'serviceaccount')
      .metadata ?? {}
  if (accountUid !== spec.serviceAccountUID)
    throw new Error(
      `${of} names service account UID ${goQuote(spec.serviceAccountUID)}, which differs from the running service account (${goQuote(accountUid)})`,
    )
  return undefined
}
