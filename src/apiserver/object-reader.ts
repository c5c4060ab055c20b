import type { KubernetesObject, StringMap } from '../apimachinery/meta.ts'

/** Names a resource: `{ group: 'rbac.authorization.k8s.io', resource: 'roles' }`. */
export interface GroupResource {
  readonly group: string
  readonly resource: string
}

/**
 * What admission plugins, authorizers and authenticators read: the server's own watch cache, synchronously, as
 * of the newest commit, in each kind's stored version. Objects are shared and never mutated. Everything throws
 * AssertionError for a resource that is not registered.
 */
export interface ObjectReader {
  /** Whether there is such a resource here: APIs may be off. */
  serves(resource: GroupResource): boolean
  /** '' as namespace for cluster-scoped kinds. */
  get(resource: GroupResource, namespace: string, name: string): KubernetesObject | undefined
  /** The labels of one, which it need not be decoded for. */
  labels(resource: GroupResource, namespace: string, name: string): StringMap | undefined
  /** All objects, or those of a namespace, ascending by namespace and name. Decodes what it gives: not for every request over large collections. */
  list(resource: GroupResource, namespace?: string): readonly KubernetesObject[]
  /** All objects, or those of a namespace, of what may be a large collection: as of this call, each decoded when it comes, so that the caller may let others work between them. */
  each(resource: GroupResource, namespace?: string): Iterable<KubernetesObject>
  /** The objects whose selectable field (`spec.nodeName`) has that value, through the cache's index. */
  listByField(resource: GroupResource, field: string, value: string): readonly KubernetesObject[]
  /** Called synchronously after each change, with nothing replayed. Returns what removes the handler. */
  onChange(
    resource: GroupResource,
    handler: (object: KubernetesObject | undefined, old: KubernetesObject | undefined) => void,
  ): () => void
}
