import type { Features } from '../../apimachinery/feature-gates.ts'
import { nodeOf, nodesGroup, nodeUserPrefix } from '../authentication/users.ts'
import type { Authorizer, AuthorizerAttributes, AuthorizerDecision, UserRules } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'
import type { NodeRelations } from './node-relations.ts'
import { type PolicyRule, ruleAllows } from './rule-allows.ts'
import { fieldsOf } from './selector-attributes.ts'

/** A refusal's reason, '' for one without, undefined to allow. */
type Refusal = string | undefined
type Rule = (node: string, attributes: AuthorizerAttributes) => Refusal

type Relation = (node: string, namespace: string, name: string) => boolean

const leaseNamespace = 'kube-node-lease'

/** The node that a user is: '' for one that is in the group of nodes but bears no node's name. */
export function nodeIdentity(user: UserInfo): string | undefined {
  if (!user.name.startsWith(nodeUserPrefix) || !user.groups.includes(nodesGroup)) return undefined
  return nodeOf(user.name) ?? ''
}

/** Whether a request selects exactly one node's objects. */
function selects(attributes: AuthorizerAttributes, field: string, node: string): boolean {
  return fieldsOf(attributes).requirements.some(
    (requirement) =>
      requirement.field === field && requirement.operator === '=' && requirement.value === node,
  )
}

/** Rules of upstream's node authorizer (https://kubernetes.io/docs/reference/access-authn-authz/node/), one for each kind of object. */
function specialRules(relations: NodeRelations, features: Features): ReadonlyMap<string, Rule> {
  const related =
    (relation: Relation): Rule =>
    (node, { namespace, name }) => {
      if (name === '') return 'No Object name found'
      return relation(node, namespace, name)
        ? undefined
        : `no relationship found between node '${node}' and this object`
    }
  const get =
    (relation: Relation): Rule =>
    (node, attributes) => {
      if (attributes.verb !== 'get') return 'can only get individual resources of this type'
      return attributes.subresource === '' ? related(relation)(node, attributes) : 'cannot get subresource'
    }
  const read =
    (relation: Relation): Rule =>
    (node, attributes) => {
      if (!['get', 'list', 'watch'].includes(attributes.verb)) return 'can only read resources of this type'
      if (attributes.subresource !== '') return 'cannot read subresource'
      if (attributes.namespace === '') return 'can only read namespaced object of this type'
      return related(relation)(node, attributes)
    }
  const relation = {
    pod: relations.pod.bind(relations),
    secret: relations.secret.bind(relations),
    configMap: relations.configMap.bind(relations),
    serviceAccount: relations.serviceAccount.bind(relations),
    volumeClaim: relations.volumeClaim.bind(relations),
    volume: relations.volume.bind(relations),
    resourceClaim: relations.resourceClaim.bind(relations),
    volumeAttachment: relations.volumeAttachment.bind(relations),
    resourceSlice: relations.resourceSlice.bind(relations),
    podCertificateRequest: relations.podCertificateRequest.bind(relations),
  }
  const volumeClaim: Rule = (node, attributes) => {
    if (attributes.subresource !== 'status') return get(relation.volumeClaim)(node, attributes)
    const writes = attributes.verb === 'update' || attributes.verb === 'patch'
    return writes ? related(relation.volumeClaim)(node, attributes) : 'can only get/update/patch this type'
  }
  const readsAccounts =
    features.enabled('KubeletServiceAccountTokenForCredentialProviders') ||
    features.enabled('PodCertificateRequest')
  const serviceAccount: Rule = (node, attributes) => {
    if (attributes.verb === 'get' && attributes.subresource === '') {
      return readsAccounts
        ? read(relation.serviceAccount)(node, attributes)
        : 'not allowed to get service accounts'
    }
    if (attributes.verb !== 'create' || attributes.name === '') {
      return 'can only create tokens for individual service accounts'
    }
    return attributes.subresource === 'token'
      ? related(relation.serviceAccount)(node, attributes)
      : 'can only create token subresource of serviceaccount'
  }
  return new Map<string, Rule>([
    ['secrets', read(relation.secret)],
    ['configmaps', read(relation.configMap)],
    ['persistentvolumeclaims', volumeClaim],
    ['persistentvolumes', get(relation.volume)],
    ['resourceclaims.resource.k8s.io', get(relation.resourceClaim)],
    ['volumeattachments.storage.k8s.io', get(relation.volumeAttachment)],
    ['serviceaccounts', serviceAccount],
    ['leases.coordination.k8s.io', leaseRule],
    ['csinodes.storage.k8s.io', csiNodeRule],
    ['resourceslices.resource.k8s.io', sliceRule(related(relation.resourceSlice))],
    ['nodes', nodeRule],
    ['pods', podRule(get(relation.pod), related(relation.pod))],
    [
      'podcertificaterequests.certificates.k8s.io',
      certificateRule(relations, related(relation.podCertificateRequest)),
    ],
  ])
}

const ownObjectVerbs = ['get', 'create', 'update', 'patch', 'delete']

const leaseRule: Rule = (node, { verb, namespace, name }) => {
  if (!ownObjectVerbs.includes(verb)) return 'can only get, create, update, patch, or delete a node lease'
  if (namespace !== leaseNamespace)
    return `can only access leases in the "${leaseNamespace}" system namespace`
  // A create's name is not known here: the NodeRestriction admission looks at it.
  if (verb === 'create' || name === node) return undefined
  return 'can only access node lease with the same name as the requesting node'
}

const csiNodeRule: Rule = (node, { verb, subresource, name }) => {
  if (!ownObjectVerbs.includes(verb)) return 'can only get, create, update, patch, or delete a CSINode'
  if (subresource !== '') return 'cannot authorize CSINode subresources'
  if (verb === 'create' || name === node) return undefined
  return 'can only access CSINode with the same name as the requesting node'
}

const sliceRule =
  (related: Rule): Rule =>
  (node, attributes) => {
    const { verb, subresource } = attributes
    if (subresource !== '') return 'cannot authorize ResourceSlice subresources'
    if (verb === 'create') return undefined
    if (['get', 'update', 'patch', 'delete'].includes(verb)) return related(node, attributes)
    if (!['watch', 'list', 'deletecollection'].includes(verb)) {
      return 'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection'
    }
    return selects(attributes, 'spec.nodeName', node)
      ? undefined
      : 'can only list/watch/deletecollection resourceslices with nodeName field selector'
  }

const certificateRule =
  (relations: NodeRelations, related: Rule): Rule =>
  (node, attributes) => {
    if (!relations.hasCertificateRequests) return ''
    const { verb, subresource } = attributes
    if (subresource !== '') return 'nodes may not access the status subresource of PodCertificateRequests'
    // The NodeRestriction admission looks at what is created.
    if (verb === 'create') return undefined
    if (verb === 'get') return related(node, attributes)
    if (verb !== 'list' && verb !== 'watch') return `nodes may not ${verb} podcertificaterequests`
    return selects(attributes, 'spec.nodeName', node)
      ? undefined
      : 'can only list/watch podcertificaterequests with nodeName field selector'
  }

const nodeRule: Rule = (node, { verb, subresource, name }) => {
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? undefined : ''
  if (subresource !== '') return ''
  if (['create', 'update', 'patch'].includes(verb)) return undefined
  if (!['get', 'list', 'watch'].includes(verb)) return ''
  if (name === node) return undefined
  return name === ''
    ? `node '${node}' cannot read all nodes, only its own Node object`
    : `node '${node}' cannot read '${name}', only its own Node object`
}

const podRule =
  (get: Rule, related: Rule): Rule =>
  (node, attributes) => {
    const { verb, subresource, name } = attributes
    if (subresource === 'status') return verb === 'update' || verb === 'patch' ? undefined : ''
    if (subresource === 'eviction') return verb === 'create' ? undefined : ''
    if (subresource !== '') return ''
    if (verb === 'get') return get(node, attributes)
    if (verb === 'create' || verb === 'delete') return undefined
    if (verb !== 'list' && verb !== 'watch') return ''
    if (selects(attributes, 'spec.nodeName', node)) return undefined
    return name === ''
      ? 'can only list/watch pods with spec.nodeName field selector'
      : related(node, attributes)
  }

/** Nodes reach their own objects and what their pods need, nothing else. */
export class NodeAuthorizer implements Authorizer {
  readonly #special: ReadonlyMap<string, Rule>
  readonly #rules: readonly PolicyRule[]

  /** `rules`: those of the cluster role `system:node`, for everything that is the same for all nodes. */
  constructor(relations: NodeRelations, rules: readonly PolicyRule[], features: Features) {
    this.#special = specialRules(relations, features)
    this.#rules = rules
  }

  authorize(attributes: AuthorizerAttributes): AuthorizerDecision {
    const node = nodeIdentity(attributes.user)
    if (node === undefined) return { decision: 'no-opinion', reason: '' }
    if (node === '')
      return { decision: 'no-opinion', reason: `unknown node for user "${attributes.user.name}"` }
    const refusal = this.#refusal(node, attributes)
    return refusal === undefined
      ? { decision: 'allow', reason: '' }
      : { decision: 'no-opinion', reason: refusal }
  }

  #refusal(node: string, attributes: AuthorizerAttributes): Refusal {
    const { group, resource } = attributes
    const rule = attributes.isResourceRequest
      ? this.#special.get(group === '' ? resource : `${resource}.${group}`)
      : undefined
    if (rule !== undefined) return rule(node, attributes)
    return this.#rules.some((allowed) => ruleAllows(allowed, attributes)) ? undefined : ''
  }

  rulesFor(user: UserInfo): UserRules {
    const isNode = nodeIdentity(user) !== undefined
    return {
      resourceRules: [],
      nonResourceRules: [],
      incomplete: isNode,
      evaluationError: isNode ? 'node authorizer does not support user rule resolution' : '',
    }
  }
}
