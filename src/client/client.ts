import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { DeleteOptions, KubernetesList, KubernetesObject, WatchEvent } from '../apimachinery/meta.ts'
import type { PatchType, Transport } from '../apimachinery/transport.ts'

export interface ReadOptions {
  readonly resourceVersion?: string
  readonly signal?: AbortSignal
}

export interface ListOptions extends ReadOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly limit?: number
  readonly continue?: string
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan'
}

export interface WatchOptions extends ListOptions {
  readonly allowWatchBookmarks?: boolean
  readonly sendInitialEvents?: boolean
  readonly timeoutSeconds?: number
}

export interface WriteOptions {
  readonly dryRun?: boolean
  readonly fieldManager?: string
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict'
  readonly signal?: AbortSignal
}

export interface PatchOptions extends WriteOptions {
  /** For apply: take over fields that others own. */
  readonly force?: boolean
  /** '' or absent: the main resource. */
  readonly subresource?: string
}

/**
 * One kind's requests as one user. Namespaces are '' for cluster-scoped kinds. Everything throws StatusError;
 * objects that come back are not to be mutated.
 */
export interface ResourceClient<T extends KubernetesObject> {
  readonly kind: KindDeclaration<T>
  get(namespace: string, name: string, options?: ReadOptions): Promise<T>
  list(options?: ListOptions): Promise<KubernetesList<T>>
  watch(options?: WatchOptions): AsyncIterable<readonly WatchEvent<T>[]>
  create(object: T, options?: WriteOptions): Promise<T>
  update(object: T, options?: WriteOptions): Promise<T>
  updateStatus(object: T, options?: WriteOptions): Promise<T>
  patch(namespace: string, name: string, type: PatchType, patch: unknown, options?: PatchOptions): Promise<T>
  /** Server-side apply; `fieldManager` is required by the server. */
  apply(object: T, options: PatchOptions & { readonly fieldManager: string }): Promise<T>
  /** Resolves to the object where it lives on (finalizers, grace), else to the Status. */
  delete(namespace: string, name: string, options?: DeleteOptions): Promise<KubernetesObject>
  deleteCollection(selection: ListOptions, options?: DeleteOptions): Promise<void>
  /** POST or PUT of another kind's object to a subresource (`binding`, `eviction`, `token`, `scale`). */
  createSubresource<R extends KubernetesObject>(
    namespace: string,
    name: string,
    subresource: string,
    body: KubernetesObject,
  ): Promise<R>
  getSubresource<R extends KubernetesObject>(namespace: string, name: string, subresource: string): Promise<R>
  updateSubresource<R extends KubernetesObject>(
    namespace: string,
    name: string,
    subresource: string,
    body: KubernetesObject,
  ): Promise<R>
}

/** A user's view of an API server. `createClient(transport, defaults)` makes one. */
export interface Client {
  readonly transport: Transport
  resource<T extends KubernetesObject>(kind: KindDeclaration<T>): ResourceClient<T>
}
