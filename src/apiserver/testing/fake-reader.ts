import type { KubernetesObject, StringMap } from '../../apimachinery/meta.ts'
import type { GroupResource, ObjectReader } from '../object-reader.ts'

type Handler = (object: KubernetesObject | undefined, old: KubernetesObject | undefined) => void

const keyOf = ({ group, resource }: GroupResource): string =>
  group === '' ? resource : `${resource}.${group}`

/** An ObjectReader over plain objects, for tests of what reads the watch cache. */
export class FakeReader implements ObjectReader {
  readonly #objects = new Map<string, Map<string, KubernetesObject>>()
  readonly #handlers = new Map<string, Set<Handler>>()

  /** Stores an object; `resource` is `pods` or `roles.rbac.authorization.k8s.io`. */
  put(resource: string, object: KubernetesObject): void {
    const { namespace = '', name = '' } = object.metadata ?? {}
    const objects = this.#of(resource)
    const old = objects.get(`${namespace}/${name}`)
    objects.set(`${namespace}/${name}`, object)
    for (const handler of this.#handlers.get(resource) ?? []) handler(object, old)
  }

  remove(resource: string, namespace: string, name: string): void {
    const old = this.#of(resource).get(`${namespace}/${name}`)
    this.#of(resource).delete(`${namespace}/${name}`)
    for (const handler of this.#handlers.get(resource) ?? []) handler(undefined, old)
  }

  #of(resource: string): Map<string, KubernetesObject> {
    const known = this.#objects.get(resource) ?? new Map<string, KubernetesObject>()
    this.#objects.set(resource, known)
    return known
  }

  serves(resource: GroupResource): boolean {
    return this.#objects.has(keyOf(resource))
  }

  get(resource: GroupResource, namespace: string, name: string): KubernetesObject | undefined {
    return this.#of(keyOf(resource)).get(`${namespace}/${name}`)
  }

  labels(resource: GroupResource, namespace: string, name: string): StringMap | undefined {
    return this.get(resource, namespace, name)?.metadata?.labels
  }

  list(resource: GroupResource, namespace?: string): readonly KubernetesObject[] {
    const entries = [...this.#of(keyOf(resource))].sort(([left], [right]) => (left < right ? -1 : 1))
    return entries
      .map(([, object]) => object)
      .filter((object) => namespace === undefined || (object.metadata?.namespace ?? '') === namespace)
  }

  each(resource: GroupResource): Iterable<KubernetesObject> {
    return this.list(resource)
  }

  listByField(resource: GroupResource, field: string, value: string): readonly KubernetesObject[] {
    const path = field.split('.')
    const read = (object: KubernetesObject): unknown =>
      path.reduce<unknown>(
        (part, name) => (typeof part === 'object' && part !== null ? Reflect.get(part, name) : undefined),
        object,
      )
    return this.list(resource).filter((object) => (read(object) ?? '') === value)
  }

  onChange(resource: GroupResource, handler: Handler): () => void {
    const handlers = this.#handlers.get(keyOf(resource)) ?? new Set()
    this.#handlers.set(keyOf(resource), handlers)
    handlers.add(handler)
    return () => handlers.delete(handler)
  }
}
