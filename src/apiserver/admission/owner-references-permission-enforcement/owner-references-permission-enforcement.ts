import type { KubernetesObject, OwnerReference } from '../../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import type { Authorizer, AuthorizerAttributes } from '../../authorizer.ts'
import { refuse } from '../refusal.ts'

/** A resource that an owner reference is about. */
export interface OwnerResource {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly namespaced: boolean
}

/** Undefined for a kind that nobody serves. */
export type FindOwnerResource = (apiVersion: string, kind: string) => OwnerResource | undefined

const ownersOf = (object: KubernetesObject | undefined): readonly OwnerReference[] =>
  object?.metadata?.ownerReferences ?? []

function newlyBlocking(
  object: KubernetesObject | undefined,
  old: KubernetesObject | undefined,
): readonly OwnerReference[] {
  const before = new Set(
    ownersOf(old)
      .filter(({ blockOwnerDeletion }) => blockOwnerDeletion === true)
      .map(({ uid }) => uid),
  )
  return ownersOf(object).filter(
    ({ uid, blockOwnerDeletion }) => blockOwnerDeletion === true && !before.has(uid),
  )
}

/**
 * Who gives an object an owner may have it deleted: so they must be allowed to delete it. Who keeps an owner from
 * going before must be allowed to set that owner's finalizers.
 */
export class OwnerReferencesPermissionEnforcement implements AdmissionPlugin {
  readonly name = 'OwnerReferencesPermissionEnforcement'
  readonly #authorizer: Authorizer
  readonly #find: FindOwnerResource

  constructor(authorizer: Authorizer, find: FindOwnerResource) {
    this.#authorizer = authorizer
    this.#find = find
  }

  handles: AdmissionPlugin['handles'] = (operation, { group, resource }, subresource) =>
    (operation === 'CREATE' || operation === 'UPDATE') &&
    // Its status cannot change owners.
    !(group === '' && resource === 'pods' && subresource === 'status')

  validate(attributes: AdmissionAttributes): Promise<void> | undefined {
    const { object, oldObject } = attributes
    if (semanticallyEqual(ownersOf(object), ownersOf(oldObject))) return undefined
    return this.#check(attributes, newlyBlocking(object, oldObject))
  }

  async #check(attributes: AdmissionAttributes, blocking: readonly OwnerReference[]): Promise<void> {
    const { operation, resource, namespace, name, subresource } = attributes
    if (operation !== 'CREATE') {
      const why = await this.#refusal(attributes, {
        ...resource,
        verb: 'delete',
        namespace,
        name,
        subresource,
      })
      if (why !== undefined)
        throw refuse(attributes, `cannot set an ownerRef on a resource you can't delete: ${why}, <nil>`)
    }
    if (blocking.length === 0) return
    const finalizers = { verb: 'update', subresource: 'finalizers' }
    const everything = { group: '*', version: '*', resource: '*', namespace: '', name: '*' }
    if ((await this.#refusal(attributes, { ...finalizers, ...everything })) === undefined) return
    for (const owner of blocking) {
      const found = this.#find(owner.apiVersion, owner.kind)
      if (found === undefined) {
        const what = `APIVersion ${owner.apiVersion} Kind ${owner.kind}`
        const why = `no matches for kind "${owner.kind}" in version "${owner.apiVersion}"`
        throw refuse(
          attributes,
          `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for ${what}: ${why}`,
        )
      }
      const { namespaced, ...ownerResource } = found
      const why = await this.#refusal(attributes, {
        ...finalizers,
        ...ownerResource,
        namespace: namespaced ? namespace : '',
        name: owner.name,
      })
      if (why !== undefined)
        throw refuse(
          attributes,
          `cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ${why}, <nil>`,
        )
    }
  }

  /** Undefined: allowed. */
  async #refusal(
    { user }: AdmissionAttributes,
    asked: Omit<AuthorizerAttributes, 'user' | 'isResourceRequest' | 'path'>,
  ): Promise<string | undefined> {
    const { verb, group, version, resource, subresource, namespace, name } = asked
    const what = { verb, group, version, resource, subresource, namespace, name }
    const { decision, reason } = await this.#authorizer.authorize({
      ...what,
      user,
      isResourceRequest: true,
      path: '',
    })
    return decision === 'allow' ? undefined : reason
  }
}
