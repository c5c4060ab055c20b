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
  /** One that shows what was sent: only where bodies are audited. */
  annotateSent(key: string, value: () => string): void
  /** For auditors: webhooks have taken so long. */
  took(stage: 'mutating-webhook' | 'validating-webhook', ms: number): void
  /** Aborts when the client goes away. Made on first use. */
  readonly signal: AbortSignal
  /** 1 while the mutating plugins run a second time, with the same attributes. */
  readonly round: 0 | 1
  /** Asks for that second time: a plugin changed the object in a way that others should see. */
  reinvoke(): void
}

/**
 * Both steps throw StatusError to refuse. All plugins' `mutate` run in the list's order, each seeing what the
 * one before gave back; then kind validation; then all plugins' `validate`. A write that is retried after a
 * conflict passes again. A plugin that has nothing to wait for returns no promise.
 */
export interface AdmissionPlugin {
  /** Upstream's: `NamespaceLifecycle`, `ServiceAccount`, … */
  readonly name: string
  /** Asked once for each kind, operation and subresource and remembered, until `onChange` says otherwise. */
  handles(operation: AdmissionOperation, declaration: KindDeclaration, subresource: string): boolean
  /** For plugins that are configured while the server runs: calls back when `handles` may answer otherwise. */
  onChange?(changed: () => void): void
  /** Gives the object to go on with: a changed copy, or the same one. Not called for DELETE, which has none. */
  mutate?(attributes: AdmissionAttributes, object: KubernetesObject): MaybePromise<KubernetesObject>
  /** The mutating step of a DELETE: may refuse. */
  mutateDeletion?(attributes: AdmissionAttributes): MaybePromise<void>
  validate?(attributes: AdmissionAttributes): MaybePromise<void>
}
