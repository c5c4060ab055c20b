import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { DeletionPropagation, KubernetesObject, OwnerReference } from '../../apimachinery/meta.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'
import { apiVersionOf } from '../../client/resource-path.ts'
import { type AnyKind, RetryError } from '../../reconcile/controller.ts'
import type { Identity } from './identity.ts'

/** A cluster-scoped object names a namespaced owner: nothing will ever make that right. */
export class NamespacedOwnerError extends Error {
  override readonly name = 'NamespacedOwnerError'
}

/** A part of an owner reference that is to change, or its removal. */
export type OwnerChange = Partial<OwnerReference> & { readonly uid: string; readonly $patch?: 'delete' }

/** What the server has, by identity. */
export class LiveObjects {
  readonly #api: Client
  readonly #kinds: ReadonlyMap<string, AnyKind>

  constructor(api: Client, kinds: ReadonlyMap<string, AnyKind>) {
    this.#api = api
    this.#kinds = kinds
  }

  isNamespaced(identity: Pick<Identity, 'apiVersion' | 'kind'>): boolean {
    return this.#kindOf(identity).namespaced
  }

  /** Undefined when there is none of that name. Throws NamespacedOwnerError. */
  async get(identity: Identity): Promise<KubernetesObject | undefined> {
    const kind = this.#kindOf(identity)
    if (kind.namespaced && identity.namespace === '') {
      throw new NamespacedOwnerError(`${identity.kind} ${identity.name} is sought without a namespace`)
    }
    const namespace = kind.namespaced ? identity.namespace : ''
    try {
      return await this.#api.resource<KubernetesObject>(kind).get(namespace, identity.name)
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined
      throw error
    }
  }

  /** Deletes what was seen as `latest`; false when it is gone. */
  async delete(
    identity: Identity,
    latest: KubernetesObject,
    propagationPolicy: DeletionPropagation,
  ): Promise<boolean> {
    const { uid } = identity
    const { resourceVersion, ownerReferences } = latest.metadata ?? {}
    try {
      await this.#delete(identity, {
        propagationPolicy,
        preconditions: { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      })
      return true
    } catch (error) {
      if (isStatus(error, 'NotFound')) return false
      if (!isStatus(error, 'Conflict')) throw error
      const live = await this.get(identity)
      if (live === undefined) return false
      const isSame = live.metadata?.uid === uid && jsonEqual(live.metadata.ownerReferences, ownerReferences)
      if (!isSame) throw error
    }
    // Changes that have nothing to do with owners must not keep it alive.
    try {
      await this.#delete(identity, { propagationPolicy, preconditions: { uid } })
      return true
    } catch (error) {
      if (isStatus(error, 'NotFound')) return false
      throw error
    }
  }

  /** Merges owner references by uid; `$patch: delete` removes one. */
  async patchOwners(identity: Identity, ownerReferences: readonly OwnerChange[]): Promise<void> {
    const kind = this.#kindOf(identity)
    const patch = { metadata: { uid: identity.uid, ownerReferences } }
    const namespace = kind.namespaced ? identity.namespace : ''
    const resource = this.#api.resource<KubernetesObject>(kind)
    try {
      await resource.patch(namespace, identity.name, 'application/strategic-merge-patch+json', patch)
    } catch (error) {
      // Custom resources know no strategic merge.
      if (!isStatus(error, 'UnsupportedMediaType')) throw error
      await this.#mergeOwners(identity, ownerReferences)
    }
  }

  async #mergeOwners(identity: Identity, changes: readonly OwnerChange[]): Promise<void> {
    const kind = this.#kindOf(identity)
    const live = await this.get(identity)
    if (live?.metadata?.uid !== identity.uid) return
    const { ownerReferences = [], resourceVersion, uid } = live.metadata
    const merged = ownerReferences.flatMap((owner) => {
      const change = changes.find((candidate) => candidate.uid === owner.uid)
      if (change?.$patch === 'delete') return []
      return [{ ...owner, ...change }]
    })
    const patch = { metadata: { uid, resourceVersion, ownerReferences: merged } }
    await this.#api
      .resource<KubernetesObject>(kind)
      .patch(kind.namespaced ? identity.namespace : '', identity.name, 'application/merge-patch+json', patch)
  }

  removeOwners(identity: Identity, owners: readonly Pick<OwnerReference, 'uid'>[]): Promise<void> {
    return this.patchOwners(
      identity,
      owners.map(({ uid }) => ({ $patch: 'delete', uid })),
    )
  }

  async removeFinalizer(identity: Identity, finalizer: string): Promise<void> {
    const live = await this.get(identity)
    const { finalizers = [], resourceVersion, uid } = live?.metadata ?? {}
    if (uid !== identity.uid || !finalizers.includes(finalizer)) return
    const kind = this.#kindOf(identity)
    const left = finalizers.filter((name) => name !== finalizer)
    await this.#api
      .resource<KubernetesObject>(kind)
      .patch(kind.namespaced ? identity.namespace : '', identity.name, 'application/merge-patch+json', {
        metadata: { resourceVersion, finalizers: left },
      })
  }

  async #delete(identity: Identity, options: object): Promise<void> {
    const kind = this.#kindOf(identity)
    const namespace = kind.namespaced ? identity.namespace : ''
    await this.#api.resource<KubernetesObject>(kind).delete(namespace, identity.name, options)
  }

  #kindOf({ apiVersion, kind }: Pick<Identity, 'apiVersion' | 'kind'>): AnyKind {
    const found = this.#kinds.get(`${apiVersion} ${kind}`)
    if (found === undefined) {
      // It may be served later, or never: there is nothing to complain of.
      throw new RetryError(`unable to get REST mapping for ${apiVersion}/${kind}.`)
    }
    return found
  }
}

/** Kinds by what owner references say of them. */
export const kindsByReference = (kinds: readonly AnyKind[]): ReadonlyMap<string, AnyKind> =>
  new Map(kinds.map((kind) => [`${apiVersionOf(kind)} ${kind.kind}`, kind]))
