import type { KubernetesObject, StringMap } from '../apimachinery/meta.ts'
import type { GroupResource, ObjectReader } from './object-reader.ts'

/** One resource of an ObjectReader, with the type of its objects. */
export interface TypedReader<T extends KubernetesObject> {
  /** '' as namespace for cluster-scoped kinds. */
  get(namespace: string, name: string): T | undefined
  labels(namespace: string, name: string): StringMap | undefined
  list(namespace?: string): readonly T[]
  each(namespace?: string): Iterable<T>
  listByField(field: string, value: string): readonly T[]
  onChange(handler: (object: T | undefined, old: T | undefined) => void): () => void
}

/** `T` must be the type of the resource's stored version: the cache has decoded its objects by that schema. */
export function typedReader<T extends KubernetesObject>(
  reader: ObjectReader,
  resource: GroupResource,
): TypedReader<T> {
  return {
    get: (namespace, name) => reader.get(resource, namespace, name) as T | undefined,
    labels: (namespace, name) => reader.labels(resource, namespace, name),
    list: (namespace) => reader.list(resource, namespace) as readonly T[],
    each: (namespace) => reader.each(resource, namespace) as Iterable<T>,
    listByField: (field, value) => reader.listByField(resource, field, value) as readonly T[],
    onChange: (handler) =>
      reader.onChange(resource, (object, old) => handler(object as T | undefined, old as T | undefined)),
  }
}
