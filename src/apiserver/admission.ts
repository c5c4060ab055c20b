import type { GroupVersionKind, KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import type { MaybePromise } from './authenticator.ts'
import type { UserInfo } from './request.ts'

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

export interface GroupVersionResource {
  readonly group: string
  readonly version: string
  readonly resource: string
}

/**
 * A write on its way in (`admission.Attributes`). `object` is what is to be written: decoded, defaulted, before
 * validation; absent for DELETE. It may be of another kind than the resource's (Binding, Eviction, Scale,
 * TokenRequest on a subresource): then `kind` names that kind.
 */
export interface AdmissionAttributes {
  readonly operation: AdmissionOperation
  /** The resource's declaration. */
  readonly declaration: KindDeclaration
  readonly kind: GroupVersionKind
  readonly resource: GroupVersionResource
  readonly subresource: string
  /** '' for cluster-scoped objects. A Namespace's own namespace is its name, as upstream. */
  readonly namespace: string
  /** '' for a create with generateName that has not got its name. */
  readonly name: string
  readonly object: KubernetesObject | undefined
  readonly oldObject: KubernetesObject | undefined
  readonly user: UserInfo
  readonly dryRun: boolean
  /** CreateOptions, UpdateOptions, PatchOptions or DeleteOptions. */
  readonly options: Readonly<Record<string, unknown>>
  /** Adds a warning for the client. */
  warn(text: string): void
  /** Adds an audit annotation. */
  annotate(key: string, value: string): void
}

/**
 * Both steps throw StatusError to refuse. All plugins' `mutate` run in the list's order, each seeing what the
 * one before gave back; then kind validation; then all plugins' `validate`. A write that is retried after a
 * conflict passes again. A plugin that has nothing to wait for returns no promise.
 */
export interface AdmissionPlugin {
  /** Upstream's: `NamespaceLifecycle`, `ServiceAccount`, … */
  readonly name: string
  /** Cheap and constant for a kind, operation and subresource: asked once for each and remembered. */
  handles(operation: AdmissionOperation, declaration: KindDeclaration, subresource: string): boolean
  /** Gives the object to go on with: a changed copy, or the same one. Not called for DELETE and CONNECT. */
  mutate?(attributes: AdmissionAttributes, object: KubernetesObject): MaybePromise<KubernetesObject>
  validate?(attributes: AdmissionAttributes): MaybePromise<void>
}
