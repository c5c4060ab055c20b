import type { rbac } from '../../api/generated/types/index.ts'
import { aggregate } from '../../apimachinery/aggregate.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import { forbidden, statusError } from '../../apimachinery/status-error.ts'
import type { AdmissionAttributes, AdmissionOperation, AdmissionPlugin } from '../admission.ts'
import { mastersGroup } from '../authentication/users.ts'
import type { Authorizer } from '../authorizer.ts'
import type { UserInfo } from '../request.ts'
import { type RbacIndex, rbacGroup } from './rbac-index.ts'
import type { PolicyRule } from './rule-allows.ts'
import { describeRules, uncoveredRules } from './rule-covers.ts'

type Role = rbac.v1.Role & Pick<rbac.v1.ClusterRole, 'aggregationRule'>
type Binding = rbac.v1.RoleBinding

const fullAuthority: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

const resources = ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings']

const hasAggregation = (role: Role | undefined): boolean =>
  (role?.aggregationRule?.clusterRoleSelectors?.length ?? 0) > 0

/** Nothing has changed but what garbage collection needs to let go of an object. */
function changesOnlyOwnership(object: KubernetesObject, old: KubernetesObject): boolean {
  const strip = ({ metadata, ...rest }: KubernetesObject): unknown => {
    const {
      ownerReferences: _owners,
      finalizers: _finalizers,
      managedFields: _managers,
      ...kept
    } = metadata ?? {}
    return { ...rest, metadata: kept }
  }
  return semanticallyEqual(strip(object), strip(old))
}

/**
 * Nobody can give away what they do not have: a role may only be written by who holds all its rules or may
 * `escalate` it, and bound by who holds them or may `bind` it
 * (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping).
 */
export class RoleEscalationCheck implements AdmissionPlugin {
  readonly name = 'RoleEscalationCheck'
  readonly #index: RbacIndex
  readonly #authorizer: Authorizer

  constructor(index: RbacIndex, authorizer: Authorizer) {
    this.#index = index
    this.#authorizer = authorizer
  }

  handles(operation: AdmissionOperation, { group, resource }: KindDeclaration, subresource: string): boolean {
    const writes = operation === 'CREATE' || operation === 'UPDATE'
    return writes && group === rbacGroup && subresource === '' && resources.includes(resource)
  }

  async mutate(attributes: AdmissionAttributes, object: KubernetesObject): Promise<KubernetesObject> {
    const { user, oldObject, resource } = attributes
    if (user.groups.includes(mastersGroup)) return object
    if (oldObject !== undefined && changesOnlyOwnership(object, oldObject)) return object
    if (resource.resource.endsWith('bindings')) await this.#checkBinding(attributes, object as Binding)
    else await this.#checkRole(attributes, object as Role, oldObject as Role | undefined)
    return object
  }

  async #checkRole(attributes: AdmissionAttributes, role: Role, old: Role | undefined): Promise<void> {
    const { resource } = attributes.resource
    if (await this.#may(attributes, 'escalate', resource, attributes.name)) return
    this.#checkHeld(attributes, role.rules ?? [])
    if (!hasAggregation(role) && !hasAggregation(old)) return
    if (this.#missing(attributes.user, attributes.namespace, fullAuthority).missing.length === 0) return
    throw this.#refusal(attributes, 'must have cluster-admin privileges to use the aggregationRule')
  }

  async #checkBinding(attributes: AdmissionAttributes, { roleRef }: Binding): Promise<void> {
    const target = { ClusterRole: 'clusterroles', Role: 'roles' }[roleRef.kind]
    if (target !== undefined && (await this.#may(attributes, 'bind', target, roleRef.name))) return
    const rules = this.#index.rulesBehind(roleRef, attributes.namespace)
    if (typeof rules === 'string') {
      const kind = roleRef.kind.toLowerCase()
      throw statusError('NotFound', rules, { name: roleRef.name, group: rbacGroup, kind })
    }
    this.#checkHeld(attributes, rules)
  }

  async #may(
    attributes: AdmissionAttributes,
    verb: string,
    resource: string,
    name: string,
  ): Promise<boolean> {
    const { decision } = await this.#authorizer.authorize({
      user: attributes.user,
      verb,
      isResourceRequest: true,
      path: '',
      group: rbacGroup,
      version: '*',
      namespace: attributes.namespace,
      resource,
      subresource: '',
      name,
    })
    return decision === 'allow'
  }

  #missing(
    user: UserInfo,
    namespace: string,
    wanted: readonly PolicyRule[],
  ): { readonly missing: readonly PolicyRule[]; readonly errors: readonly string[] } {
    const held: PolicyRule[] = []
    const errors: string[] = []
    for (const source of this.#index.rulesOf(user, namespace)) {
      if ('error' in source) errors.push(source.error)
      else held.push(source.rule)
    }
    return { missing: uncoveredRules(held, wanted), errors }
  }

  #checkHeld(attributes: AdmissionAttributes, rules: readonly PolicyRule[]): void {
    const { user, namespace } = attributes
    const { missing, errors } = this.#missing(user, namespace, rules)
    if (missing.length === 0) return
    const groups = `[${user.groups.map(goQuote).join(' ')}]`
    const resolution = errors.length === 0 ? '' : `; resolution errors: [${aggregate(errors)}]`
    throw this.#refusal(
      attributes,
      `user ${goQuote(user.name)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${describeRules(missing)}${resolution}`,
    )
  }

  #refusal({ resource, object, name }: AdmissionAttributes, why: string): Error {
    return forbidden(
      { group: rbacGroup, resource: resource.resource, name: object?.metadata?.name ?? name },
      why,
    )
  }
}
