import type { authentication, core, resource } from '../../../api/generated/types/index.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { notFound } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import { nodeIdentity } from '../../authorization/node-authorizer.ts'
import type { Authorizer } from '../../authorizer.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { type TypedReader, typedReader } from '../../typed-reader.ts'
import { refuse } from '../refusal.ts'
import { certificateRequestProblem } from './certificate-request.ts'
import { mirrorPodProblem } from './mirror-pod.ts'
import { forbiddenLabels } from './node-labels.ts'
import { podUsesAudience } from './token-audience.ts'

type Pod = core.v1.Pod
type Node = core.v1.Node
type Claim = core.v1.PersistentVolumeClaim

/** Why it is refused. */
type Problem = string | undefined

const unexpectedOperation = (operation: string): string => `unexpected operation "${operation}"`

function nodeProblem(attributes: AdmissionAttributes, node: string): Problem {
  const { operation, oldObject } = attributes
  const name = attributes.name || attributes.object?.metadata?.name || ''
  if (name !== node) return `node "${node}" is not allowed to modify node "${name}"`
  const now = attributes.object as Node | undefined
  if (operation === 'CREATE') {
    if (now?.spec?.configSource !== undefined) {
      return `node "${node}" is not allowed to create pods with a non-nil configSource`
    }
    const labels = forbiddenLabels(now?.metadata?.labels, undefined)
    return labels.length === 0
      ? undefined
      : `node "${node}" is not allowed to set the following labels: ${labels.join(', ')}`
  }
  return operation === 'UPDATE' ? nodeUpdateProblem(node, now, oldObject as Node | undefined) : undefined
}

function nodeUpdateProblem(node: string, now: Node | undefined, old: Node | undefined): Problem {
  const configSource = now?.spec?.configSource
  const before = old?.spec?.configSource
  if (configSource !== undefined && (before === undefined || !semanticallyEqual(configSource, before))) {
    return `node "${node}" is not allowed to update configSource to a new non-nil configSource`
  }
  if (!semanticallyEqual(now?.spec?.taints, old?.spec?.taints)) {
    return `node "${node}" is not allowed to modify taints`
  }
  if (!semanticallyEqual(now?.metadata?.ownerReferences, old?.metadata?.ownerReferences)) {
    return `node "${node}" is not allowed to modify ownerReferences`
  }
  const labels = forbiddenLabels(now?.metadata?.labels, old?.metadata?.labels)
  return labels.length === 0 ? undefined : `is not allowed to modify labels: ${labels.join(', ')}`
}

function podStatusProblem({ operation, object, oldObject }: AdmissionAttributes, node: string): Problem {
  if (operation !== 'UPDATE') return unexpectedOperation(operation)
  const now = object as Pod
  const old = oldObject as Pod
  if (old.spec?.nodeName !== node) {
    return `node "${node}" can only update pod status for pods with spec.nodeName set to itself`
  }
  if (!semanticallyEqual(old.metadata?.labels, now.metadata?.labels)) {
    return `node "${node}" cannot update labels through pod status`
  }
  if (!semanticallyEqual(old.status?.resourceClaimStatuses, now.status?.resourceClaimStatuses)) {
    return `node "${node}" cannot update resource claim statues`
  }
  return semanticallyEqual(old.status?.extendedResourceClaimStatus, now.status?.extendedResourceClaimStatus)
    ? undefined
    : `node "${node}" cannot update extended resource claim status`
}

/** What of a claim a node may not change. */
function restOfClaim({ metadata, status, ...rest }: Claim): unknown {
  const { resourceVersion: _version, managedFields: _managers, ...meta } = metadata ?? {}
  const {
    capacity: _a,
    conditions: _b,
    allocatedResources: _c,
    allocatedResourceStatuses: _d,
    ...kept
  } = status ?? {}
  return { ...rest, metadata: meta, status: kept }
}

function claimProblem(
  { operation, subresource, object, oldObject }: AdmissionAttributes,
  node: string,
): Problem {
  if (subresource !== 'status') return 'may only update PVC status'
  if (operation !== 'UPDATE') return unexpectedOperation(operation)
  return semanticallyEqual(restOfClaim(object as Claim), restOfClaim(oldObject as Claim))
    ? undefined
    : `node "${node}" is not allowed to update fields other than status.quantity and status.conditions`
}

/** Leases and CSINodes are named after their nodes. */
const namedAfterNode = ({ operation, name, object }: AdmissionAttributes, node: string): boolean =>
  (operation === 'CREATE' ? object?.metadata?.name : name) === node

const csiNodeProblem = (attributes: AdmissionAttributes, node: string): Problem =>
  namedAfterNode(attributes, node)
    ? undefined
    : 'can only access CSINode with the same name as the requesting node'

function leaseProblem(attributes: AdmissionAttributes, node: string): Problem {
  if (attributes.namespace !== 'kube-node-lease') {
    return 'can only access leases in the "kube-node-lease" system namespace'
  }
  return namedAfterNode(attributes, node)
    ? undefined
    : 'can only access node lease with the same name as the requesting node'
}

function sliceProblem({ operation, object, oldObject }: AdmissionAttributes, node: string): Problem {
  if (operation === 'CREATE' && (object as resource.v1.ResourceSlice).spec.nodeName !== node) {
    return 'can only create ResourceSlice with the same NodeName as the requesting node'
  }
  if (
    operation === 'DELETE' &&
    (oldObject as resource.v1.ResourceSlice | undefined)?.spec.nodeName !== node
  ) {
    return 'can only delete ResourceSlice with the same NodeName as the requesting node'
  }
  return undefined
}

/** What the node authorizer cannot see, because it is in the object: a node only writes what is its own (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction). */
export class NodeRestrictionPlugin implements AdmissionPlugin {
  readonly name = 'NodeRestriction'
  readonly #reader: ObjectReader
  readonly #authorizer: Authorizer
  readonly #pods: TypedReader<Pod>
  readonly #nodes: TypedReader<Node>

  constructor(reader: ObjectReader, authorizer: Authorizer) {
    this.#reader = reader
    this.#authorizer = authorizer
    this.#pods = typedReader(reader, { group: '', resource: 'pods' })
    this.#nodes = typedReader(reader, { group: '', resource: 'nodes' })
  }

  handles(operation: AdmissionAttributes['operation']): boolean {
    return operation !== 'CONNECT'
  }

  async #problem(attributes: AdmissionAttributes, node: string): Promise<Problem> {
    const { group, resource: plural } = attributes.resource
    switch (group === '' ? plural : `${plural}.${group}`) {
      case 'pods':
        return this.#podProblem(attributes, node)
      case 'nodes':
        return nodeProblem(attributes, node)
      case 'persistentvolumeclaims':
        return claimProblem(attributes, node)
      case 'serviceaccounts':
        return this.#tokenProblem(attributes, node)
      case 'leases.coordination.k8s.io':
        return leaseProblem(attributes, node)
      case 'csinodes.storage.k8s.io':
        return csiNodeProblem(attributes, node)
      case 'resourceslices.resource.k8s.io':
        return sliceProblem(attributes, node)
      case 'podcertificaterequests.certificates.k8s.io':
        return certificateRequestProblem(attributes, node, this.#reader)
      default:
        return undefined
    }
  }

  mutate(
    attributes: AdmissionAttributes,
    object: KubernetesObject,
  ): KubernetesObject | Promise<KubernetesObject> {
    const node = nodeIdentity(attributes.user)
    return node === undefined ? object : this.#check(attributes, node).then(() => object)
  }

  validate(attributes: AdmissionAttributes): void | Promise<void> {
    const node = nodeIdentity(attributes.user)
    // What has an object has been checked before anything else was done with it.
    const seen = attributes.operation !== 'DELETE'
    return node === undefined || seen ? undefined : this.#check(attributes, node)
  }

  async #check(attributes: AdmissionAttributes, node: string): Promise<void> {
    const problem =
      node === ''
        ? `could not determine node from user "${attributes.user.name}"`
        : await this.#problem(attributes, node)
    if (problem !== undefined) throw refuse(attributes, problem)
  }

  #podProblem(attributes: AdmissionAttributes, node: string): Problem {
    const { operation, subresource } = attributes
    switch (subresource) {
      case '':
        break
      case 'status':
        return podStatusProblem(attributes, node)
      case 'eviction':
        return this.#evictionProblem(attributes, node)
      default:
        return `unexpected pod subresource "${subresource}", only 'status' and 'eviction' are allowed`
    }
    if (operation === 'CREATE') {
      return mirrorPodProblem(attributes.object as Pod, node, this.#nodes.get('', node)?.metadata?.uid)
    }
    if (operation !== 'DELETE') {
      return `${unexpectedOperation(operation)}, node "${node}" can only create and delete mirror pods`
    }
    return this.#pod(attributes).spec?.nodeName === node
      ? undefined
      : `node "${node}" can only delete pods with spec.nodeName set to itself`
  }

  #pod({ namespace, name }: Pick<AdmissionAttributes, 'namespace' | 'name'>): Pod {
    const pod = this.#pods.get(namespace, name)
    // In the words of client-go's listers.
    if (pod === undefined) throw notFound({ group: '', resource: 'pod', name })
    return pod
  }

  #evictionProblem(attributes: AdmissionAttributes, node: string): Problem {
    if (attributes.operation !== 'CREATE') return unexpectedOperation(attributes.operation)
    const name = attributes.name || attributes.object?.metadata?.name || ''
    if (name === '') return 'could not determine pod from request data'
    return this.#pod({ namespace: attributes.namespace, name }).spec?.nodeName === node
      ? undefined
      : `node ${node} can only evict pods with spec.nodeName set to itself`
  }

  async #tokenProblem(attributes: AdmissionAttributes, node: string): Promise<Problem> {
    if (attributes.operation !== 'CREATE' || attributes.subresource !== 'token') return undefined
    const { spec } = attributes.object as authentication.v1.TokenRequest
    const reference = spec?.boundObjectRef
    if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name) {
      return 'node requested token not bound to a pod'
    }
    if (!reference.uid) return 'node requested token with a pod binding without a uid'
    const pod = this.#pod({ namespace: attributes.namespace, name: reference.name })
    if (pod.metadata?.uid !== reference.uid) {
      return `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`
    }
    if (pod.spec?.nodeName !== node)
      return 'node requested token bound to a pod scheduled on a different node'
    return this.#audienceProblem(attributes, pod, spec?.audiences ?? [])
  }

  async #audienceProblem(
    attributes: AdmissionAttributes,
    pod: Pod,
    audiences: readonly string[],
  ): Promise<Problem> {
    if (audiences.length > 1) return 'node may only request 0 or 1 audiences'
    const [audience = ''] = audiences
    if (podUsesAudience(this.#reader, pod, audience)) return undefined
    const { decision } = await this.#authorizer.authorize({
      user: attributes.user,
      verb: 'request-serviceaccounts-token-audience',
      isResourceRequest: true,
      path: '',
      group: '',
      version: 'v1',
      namespace: attributes.namespace,
      resource: audience,
      subresource: '',
      name: attributes.name,
    })
    if (decision === 'allow') return undefined
    return `audience "${audience}" not found in pod spec volume, ${attributes.user.name} is not authorized to request tokens for this audience`
  }
}
